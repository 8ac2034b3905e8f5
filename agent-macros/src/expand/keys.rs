//! What a tool touches by name, and the functions that compute its keys.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Lifetime;

use super::{args, core, value_type};
use crate::{
    attr::{Access, Resource},
    lifetimes::with_lifetime,
    tool_fn::{Kind, ToolFn},
};

/// `const RESOURCES` with a function for each key, if there are some.
pub(super) fn resources(tool: &ToolFn) -> Option<TokenStream> {
    if tool.options.resources.is_empty() {
        return None;
    }
    let core = core(tool);
    let entries = tool.options.resources.iter().zip(names()).map(|(resource, function)| {
        let Resource { access, name, key } = resource;
        match (access, key) {
            (Access::Write, Some(_)) => quote!(#core::Resource::write_key(#name, Self::#function)),
            (Access::Write, None) => quote!(#core::Resource::write(#name)),
            (_, Some(_)) => quote!(#core::Resource::read_key(#name, Self::#function)),
            (_, None) => quote!(#core::Resource::read(#name)),
        }
    });
    let functions = keyed(tool).map(|(resource, function)| key(tool, resource, &function));
    Some(quote! {
        const RESOURCES: &'static [#core::Resource] = &[#(#entries),*];
        #(#functions)*
    })
}

/// A function of its own, so that a key can neither wait nor leave the call.
fn key(tool: &ToolFn, resource: &Resource, function: &Ident) -> TokenStream {
    let core = core(tool);
    let key = &resource.key;
    let lifetime = Lifetime::new("'__a", Span::mixed_site());
    let names = args(tool).map(|param| param.ident());
    let types = args(tool).map(|param| match &param.kind {
        Kind::Slice(item) => {
            let item = with_lifetime(item, &Lifetime::new("'static", Span::call_site()));
            quote!([#item])
        }
        _ => value_type(param).unwrap_or_else(|| quote!(str)),
    });
    quote! {
        #[allow(unused_variables, clippy::all, clippy::pedantic)]
        fn #function<#lifetime>(
            (#(#names,)*): (#(&#lifetime #types,)*),
        ) -> impl #core::Key + #lifetime {
            #key
        }
    }
}

/// `cx.writes("file", &Self::key0((..)));` for each key, of arguments that are in these locals.
pub(super) fn claims(tool: &ToolFn, cx: &Ident, locals: &[Ident]) -> TokenStream {
    let values: Vec<_> = args(tool)
        .zip(locals)
        .map(|(param, local)| match param.kind {
            Kind::Text | Kind::Slice(_) => quote!(&*#local),
            _ => quote!(&#local),
        })
        .collect();
    let claims = keyed(tool).map(|(Resource { access, name, .. }, function)| {
        let claim = if *access == Access::Write { quote!(writes) } else { quote!(reads) };
        quote!(#cx.#claim(#name, &Self::#function((#(#values,)*)));)
    });
    quote!(#(#claims)*)
}

/// Whether the arguments are needed before the call runs.
pub(super) fn has_keys(tool: &ToolFn) -> bool {
    keyed(tool).next().is_some()
}

fn keyed(tool: &ToolFn) -> impl Iterator<Item = (&Resource, Ident)> {
    tool.options.resources.iter().zip(names()).filter(|(resource, _)| resource.key.is_some())
}

fn names() -> impl Iterator<Item = Ident> {
    (0..).map(|at: usize| Ident::new(&format!("key{at}"), Span::mixed_site()))
}
