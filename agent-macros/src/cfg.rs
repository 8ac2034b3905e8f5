use quote::ToTokens;
use syn::{Attribute, Meta, MetaList, Token, punctuated::Punctuated};

/// The `#[cfg]`s of a function, for the items that exist under the same conditions.
///
/// Of a `#[cfg_attr]`, only its `cfg`s are kept: its other attributes are meant for the function
/// alone.
pub(crate) fn conditions(attrs: &[Attribute]) -> Vec<Attribute> {
    let condition = |attr: &Attribute| {
        let meta = condition(&attr.meta)?;
        Some(Attribute { meta, ..attr.clone() })
    };
    attrs.iter().filter_map(condition).collect()
}

fn condition(meta: &Meta) -> Option<Meta> {
    if meta.path().is_ident("cfg") {
        return Some(meta.clone());
    }
    let Meta::List(list) = meta else { return None };
    if !list.path.is_ident("cfg_attr") {
        return None;
    }
    let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
    let mut parts = parts.into_iter();
    let predicate = parts.next()?;
    let conditions: Vec<_> = parts.filter_map(|part| condition(&part)).collect();
    if conditions.is_empty() {
        return None;
    }
    let kept: Punctuated<Meta, Token![,]> = [predicate].into_iter().chain(conditions).collect();
    Some(Meta::List(MetaList { tokens: kept.to_token_stream(), ..list.clone() }))
}
