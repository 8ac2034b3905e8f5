//! Generates the named resources of a tool and the functions that compute its keys.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, ExprPath, Lifetime, Pat};

use super::{args, core, located, value_type};
use crate::{
    attr::{Access, Resource, ungrouped},
    lifetimes::with_lifetime,
    mentions::mentions,
    tool_fn::{Kind, Param, ToolFn},
};

/// `const RESOURCES` with a function for each key; `None` if there are no resources.
pub(super) fn resources(tool: &ToolFn) -> Option<TokenStream> {
    if tool.options.resources.is_empty() {
        return None;
    }
    let core = core(tool);
    let keys = keyed(tool).map(|keyed| keyed.function(tool));
    let entries = tool.options.resources.iter().zip(names()).map(|(resource, function)| {
        let Resource { access, name, key } = resource;
        match (access, key) {
            (Access::Write, Some(_)) => quote!(#core::Resource::write_key(#name, Self::#function)),
            (Access::Write, None) => quote!(#core::Resource::write(#name)),
            (_, Some(_)) => quote!(#core::Resource::read_key(#name, Self::#function)),
            (_, None) => quote!(#core::Resource::read(#name)),
        }
    });
    Some(quote! {
        const RESOURCES: &'static [#core::Resource] = &[#(#entries),*];
        #(#keys)*
    })
}

/// `Invocation::writes(&cx, "file", &Self::key0(&a0));` for each key, with the arguments in these locals.
pub(super) fn claims(
    tool: &ToolFn,
    cx: &Ident,
    locals: &[Ident],
    core: &TokenStream,
) -> TokenStream {
    let claims = keyed(tool).map(|keyed| {
        let function = &keyed.function;
        let arguments = args(tool).zip(locals).filter(|(param, _)| keyed.takes(param));
        let values = one_or_tuple(arguments.map(|(param, local)| match param.kind {
            Kind::Text | Kind::Slice(_) => quote!(&*#local),
            _ => quote!(&#local),
        }));
        let Resource { access, name, .. } = keyed.resource;
        let claim = if *access == Access::Write { quote!(writes) } else { quote!(reads) };
        quote!(#core::Invocation::#claim(&#cx, #name, &Self::#function(#values));)
    });
    quote!(#(#claims)*)
}

/// Whether the arguments are needed before the call runs.
pub(super) fn has_keys(tool: &ToolFn) -> bool {
    keyed(tool).next().is_some()
}

/// Whether one of the keys is made of this parameter.
pub(super) fn mention(tool: &ToolFn, pattern: &Pat) -> bool {
    let Pat::Ident(param) = pattern else { return false };
    keyed(tool).any(|keyed| mentions(keyed.key, &param.ident))
}

/// A resource with a key, and the function that computes it.
struct Keyed<'a> {
    resource: &'a Resource,
    key: &'a Expr,
    function: Ident,
}

fn keyed(tool: &ToolFn) -> impl Iterator<Item = Keyed<'_>> {
    let all = tool.options.resources.iter().zip(names());
    all.filter_map(|(resource, function)| {
        Some(Keyed { resource, key: resource.key.as_ref()?, function })
    })
}

impl Keyed<'_> {
    /// A separate function, so that a key can neither await nor return from the call.
    fn function(&self, tool: &ToolFn) -> TokenStream {
        let Self { key, function, .. } = self;
        let lifetime = Lifetime::new("'__a", Span::mixed_site());
        let params = || args(tool).filter(|param| self.takes(param));
        let names = one_or_tuple(params().map(|param| param.ident().to_token_stream()));
        let types = one_or_tuple(params().map(|param| {
            let ty = borrowed(param);
            quote!(&#lifetime #ty)
        }));
        let returned = returned(tool, key, &lifetime);
        let part = is_part(key).then(|| quote!(&));
        quote! {
            #[allow(unused_variables, clippy::all, clippy::pedantic)]
            fn #function<#lifetime>(#names: #types) -> #returned {
                #part #key
            }
        }
    }

    /// A key that is a single name needs that argument. A longer expression may use any of them:
    /// unused parameters are allowed there.
    fn takes(&self, param: &Param) -> bool {
        match ungrouped(self.key) {
            Expr::Path(ExprPath { path, .. }) => path.get_ident() == param.ident(),
            _ => true,
        }
    }
}

/// Located at the key, where an error about its type belongs.
fn returned(tool: &ToolFn, key: &Expr, lifetime: &Lifetime) -> TokenStream {
    let core = core(tool);
    let mut spans = key.to_token_stream().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    let last = spans.last().unwrap_or(first);
    let (start, end) =
        (located(quote!(impl #core::Key +), first), located(quote!(#lifetime), last));
    quote!(#start #end)
}

/// Whether a key is a part of an argument, such as `order.customer`, which is lent like the
/// argument.
fn is_part(key: &Expr) -> bool {
    let mut whole = ungrouped(key);
    loop {
        whole = match whole {
            Expr::Field(field) => ungrouped(&field.base),
            Expr::Index(index) => ungrouped(&index.expr),
            Expr::Path(_) => return !matches!(ungrouped(key), Expr::Path(_)),
            _ => return false,
        }
    }
}

/// The type behind a reference to an argument.
fn borrowed(param: &Param) -> TokenStream {
    match &param.kind {
        Kind::Slice(item) => {
            let item = with_lifetime(item, &Lifetime::new("'static", Span::call_site()));
            quote!([#item])
        }
        _ => value_type(param).unwrap_or_else(|| quote!(str)),
    }
}

fn one_or_tuple(items: impl Iterator<Item = TokenStream>) -> TokenStream {
    let items: Vec<_> = items.collect();
    match items.as_slice() {
        [one] => one.clone(),
        several => quote!((#(#several),*)),
    }
}

fn names() -> impl Iterator<Item = Ident> {
    (0..).map(|at: usize| Ident::new(&format!("key{at}"), Span::mixed_site()))
}
