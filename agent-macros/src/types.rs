use quote::ToTokens;
use syn::{
    GenericArgument, Ident, ParenthesizedGenericArguments, PathArguments, PathSegment, Token, Type,
    TypeFnPtr, TypeImplTrait, TypePath, TypePtr, TypeReference, parse_quote,
    punctuated::Punctuated,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

/// Unwraps parentheses and the invisible groups around tokens that a macro inserted.
pub(crate) fn unwrapped(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}

pub(crate) fn is_str(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.qself.is_none() && path.path.is_ident("str"))
}

/// The first part of each kind that an argument's type cannot contain.
#[derive(Default)]
pub(crate) struct Foreign<'a> {
    pub(crate) reference: Option<&'a TypeReference>,
    pub(crate) pointer: Option<&'a TypePtr>,
    pub(crate) impl_trait: Option<&'a TypeImplTrait>,
}

impl<'a> Foreign<'a> {
    pub(crate) fn of(ty: &'a Type) -> Self {
        let mut parts = Self::default();
        parts.visit_type(ty);
        parts
    }
}

impl<'a> Visit<'a> for Foreign<'a> {
    fn visit_type_reference(&mut self, reference: &'a TypeReference) {
        self.reference.get_or_insert(reference);
        visit::visit_type_reference(self, reference);
    }

    fn visit_type_ptr(&mut self, pointer: &'a TypePtr) {
        self.pointer.get_or_insert(pointer);
    }

    fn visit_type_impl_trait(&mut self, impl_trait: &'a TypeImplTrait) {
        self.impl_trait.get_or_insert(impl_trait);
    }

    // An argument that is a function does not hold the function's own arguments.
    fn visit_type_fn_ptr(&mut self, _: &'a TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments(&mut self, _: &'a ParenthesizedGenericArguments) {}
}

/// Replaces what a type borrows by owned types: `Option<&str>` becomes `Option<String>`.
pub(crate) fn owned(ty: &Type) -> Type {
    let mut ty = ty.clone();
    Own.visit_type_mut(&mut ty);
    ty
}

struct Own;

impl VisitMut for Own {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        visit_mut::visit_type_mut(self, ty);
        let Type::Reference(reference) = ty else {
            return;
        };
        *ty = match unwrapped(&reference.elem) {
            target if is_str(target) => parse_quote!(String),
            Type::Slice(slice) => {
                let item = &slice.elem;
                parse_quote!(Vec<#item>)
            }
            target => path_buf(target).unwrap_or_else(|| target.clone()),
        };
    }

    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {
    }
}

/// `PathBuf` for `Path`, with the same leading path.
fn path_buf(ty: &Type) -> Option<Type> {
    let mut ty = ty.clone();
    let Type::Path(TypePath { qself: None, path, .. }) = &mut ty else { return None };
    let mut segments = path.segments.iter_mut().rev();
    let last = segments.next().filter(|it| it.ident == "Path" && it.arguments.is_none())?;
    if segments.next().is_some_and(|module| module.ident != "path") {
        return None;
    }
    last.ident = Ident::new("PathBuf", last.ident.span());
    Some(ty)
}

/// The owned type to propose where a borrow was meant as an argument: `PathBuf` for `&Path`.
///
/// Decided by the spelling, which is enough for messages; the note on the core's `Lend` names the
/// same types.
pub(crate) fn argument(borrowed: &Type) -> Option<Type> {
    let Type::Path(TypePath { qself: None, path, .. }) = unwrapped(borrowed) else { return None };
    let PathSegment { ident, arguments, .. } = path.segments.last()?;
    match (ident.to_string().as_str(), arguments) {
        ("Path", PathArguments::None) => path_buf(unwrapped(borrowed)),
        ("PathBuf" | "ToolContext", PathArguments::None) => Some(borrowed.clone()),
        ("String", PathArguments::None) => Some(parse_quote!(&str)),
        ("Vec", PathArguments::AngleBracketed(list)) => slice(&list.args),
        _ => None,
    }
}

fn slice(arguments: &Punctuated<GenericArgument, Token![,]>) -> Option<Type> {
    let mut arguments = arguments.iter();
    let (Some(GenericArgument::Type(item)), None) = (arguments.next(), arguments.next()) else {
        return None;
    };
    let item = owned(item);
    Some(parse_quote!(&[#item]))
}

/// The type as it is usually written, without blanks between its tokens.
pub(crate) fn spelled(ty: &impl ToTokens) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let tokens = ty.to_token_stream().to_string();
    let mut words = tokens.split_whitespace();
    let mut text = words.next().unwrap_or_default().to_owned();
    for word in words {
        if text.ends_with(is_word) && word.starts_with(is_word) {
            text.push(' ');
        }
        text.push_str(word);
    }
    text.replace(',', ", ").replace(';', "; ").replace('+', " + ")
}
