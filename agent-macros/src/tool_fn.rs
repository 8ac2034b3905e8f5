use proc_macro2::TokenStream;
use syn::{
    Attribute, FnArg, Ident, Pat, PatType, Signature, Type, TypeReference, Visibility,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    token,
};

use crate::{
    attr::{ArgOptions, ToolOptions},
    doc::Doc,
    errors::Errors,
    types::{is_str, unwrapped},
};

pub(crate) struct ToolFn {
    /// Without our attributes on its parameters.
    pub(crate) function: Function,
    pub(crate) options: ToolOptions,
    pub(crate) doc: Doc,
    pub(crate) params: Vec<Param>,
}

/// A function whose body is not parsed: parsing takes time, and the body can use syntax that `syn`
/// does not know.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenStream,
}

pub(crate) struct Param {
    pub(crate) written: PatType,
    pub(crate) kind: Kind,
    pub(crate) options: ArgOptions,
    pub(crate) doc: Doc,
}

/// The source of a parameter, which its type alone decides.
pub(crate) enum Kind {
    /// `&T` or `&mut T`: the application's state.
    Lent { mutable: bool, ty: Type },
    /// `&str`: text of the call.
    Text,
    /// `&[T]`: a list of the call, with the type of its items.
    Slice(Type),
    /// Anything owned: an argument of the call, or the call itself.
    Owned(Type),
}

impl ToolFn {
    pub(crate) fn new(mut function: Function, options: ToolOptions, errors: &mut Errors) -> Self {
        let inputs = function.signature.inputs.iter_mut();
        let params = inputs.filter_map(|input| match input {
            FnArg::Typed(param) => Some(Param::take(param, errors)),
            FnArg::Receiver(_) => None,
        });
        let params = params.collect();
        let doc = Doc::of(&function.attrs);
        Self { function, options, doc, params }
    }

    pub(crate) fn ident(&self) -> &Ident {
        &self.function.signature.ident
    }

    /// The name that the model sees.
    pub(crate) fn name(&self) -> String {
        let given = self.options.name.as_ref().map(syn::LitStr::value);
        given.unwrap_or_else(|| self.ident().unraw().to_string())
    }
}

impl Parse for Function {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let no_function = input.error("`#[tool]` goes on a free function with a body");
        let signature = input.parse().map_err(|_| no_function.clone())?;
        if !input.peek(token::Brace) {
            return Err(no_function);
        }
        Ok(Self { attrs, visibility, signature, body: input.parse()? })
    }
}

impl Param {
    fn take(param: &mut PatType, errors: &mut Errors) -> Self {
        let options = ArgOptions::take(&mut param.attrs, errors);
        let doc = Doc::of(&param.attrs);
        param.attrs.retain(|attr| !attr.path().is_ident("doc"));
        let kind = Kind::of(&param.ty);
        Self { written: param.clone(), kind, options, doc }
    }

    pub(crate) fn ident(&self) -> Option<&Ident> {
        match &*self.written.pat {
            Pat::Ident(pattern) => Some(&pattern.ident),
            _ => None,
        }
    }

    /// The name that the model sees; empty where the pattern has none.
    pub(crate) fn name(&self) -> String {
        match (&self.options.rename, self.ident()) {
            (Some(name), _) => name.value(),
            (None, Some(ident)) => ident.unraw().to_string(),
            (None, None) => String::new(),
        }
    }

    pub(crate) fn is_lent(&self) -> bool {
        matches!(self.kind, Kind::Lent { .. })
    }

    pub(crate) fn changes_state(&self) -> bool {
        matches!(self.kind, Kind::Lent { mutable: true, .. })
    }

    pub(crate) fn reference(&self) -> Option<&TypeReference> {
        match unwrapped(&self.written.ty) {
            Type::Reference(reference) => Some(reference),
            _ => None,
        }
    }
}

impl Kind {
    fn of(ty: &Type) -> Self {
        let Type::Reference(reference) = unwrapped(ty) else {
            return Self::Owned(ty.clone());
        };
        let mutable = reference.mutability.is_some();
        match unwrapped(&reference.elem) {
            target if is_str(target) => Self::Text,
            Type::Slice(slice) => Self::Slice((*slice.elem).clone()),
            target => Self::Lent { mutable, ty: target.clone() },
        }
    }
}
