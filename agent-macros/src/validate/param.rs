use syn::{Lifetime, Pat, TypeReference};

use crate::{
    errors::Errors,
    tool_fn::{Kind, Param},
    types::{Foreign, owned, spelled},
};

pub(super) const GENERIC: &str =
    "a tool has one schema, so it cannot be generic: use a concrete type";

pub(super) fn validate(param: &Param, errors: &mut Errors) {
    no_cfg(param, errors);
    if param.is_lent() {
        no_options(param, errors);
    } else {
        name(param, errors);
    }
    if let Some(reference) = param.reference() {
        borrow(param, reference, errors);
    }
    match &param.kind {
        Kind::Lent { ty, .. } => concrete(&Foreign::of(ty), errors),
        Kind::Slice(ty) | Kind::Owned(ty) => from_the_model(param, &Foreign::of(ty), errors),
        Kind::Text => {}
    }
}

fn no_cfg(param: &Param, errors: &mut Errors) {
    for attr in &param.written.attrs {
        if attr.path().is_ident("cfg") {
            let message =
                "a parameter cannot be left out: put `#[cfg]` on two versions of the function";
            errors.at(attr, message);
        }
    }
}

fn no_options(param: &Param, errors: &mut Errors) {
    if let Some(attribute) = &param.options.attribute {
        let message =
            "`#[arg]` describes an argument of the model, and the state lends this one: remove it";
        errors.at(attribute, message);
    }
}

fn name(param: &Param, errors: &mut Errors) {
    let pattern = &*param.written.pat;
    if !matches!(pattern, Pat::Ident(_)) {
        let ty = spelled(&param.written.ty);
        errors.at(
            pattern,
            format!("an argument needs a name: write `name: {ty}` and take it apart in the body"),
        );
    }
    if let Some(rename) = &param.options.rename
        && rename.value().is_empty()
    {
        errors.at(rename, "an argument needs a name: write `rename = \"name\"`, or remove it");
    }
}

fn borrow(param: &Param, reference: &TypeReference, errors: &mut Errors) {
    if reference.mutability.is_some() && !param.is_lent() {
        let name = param.ident().map_or("name".to_owned(), ToString::to_string);
        let ty = spelled(&owned(&param.written.ty));
        errors.at(
            reference,
            format!("an argument of the model cannot be changed in place: take `mut {name}: {ty}`"),
        );
    }
    if let Some(lifetime) = reference.lifetime.as_ref().filter(|lifetime| is_static(lifetime)) {
        let short = TypeReference { lifetime: None, ..reference.clone() };
        errors.at(
            lifetime,
            format!("what a call borrows does not outlive it: write `{}`", spelled(&short)),
        );
    }
}

fn is_static(lifetime: &Lifetime) -> bool {
    lifetime.ident == "static"
}

fn concrete(parts: &Foreign<'_>, errors: &mut Errors) {
    if let Some(impl_trait) = parts.impl_trait {
        errors.at(impl_trait, GENERIC);
    }
}

fn from_the_model(param: &Param, parts: &Foreign<'_>, errors: &mut Errors) {
    concrete(parts, errors);
    if let Some(reference) = parts.reference {
        errors.at(
            reference,
            format!("an argument of the model owns its parts: write `{}`", remedy(param)),
        );
    }
    if let Some(pointer) = parts.pointer {
        errors.at(pointer, "a model cannot send a pointer: take the value itself");
    }
}

/// Keeps the outer borrow of a slice, which is allowed.
fn remedy(param: &Param) -> String {
    match &param.kind {
        Kind::Slice(item) => format!("&[{}]", spelled(&owned(item))),
        _ => spelled(&owned(&param.written.ty)),
    }
}
