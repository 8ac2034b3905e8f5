//! Generates the tool beside the function: the only part of `#[tool]` that writes tokens.

mod call;
mod keys;

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, FnArg, Lifetime, LitStr, Path, Type, parse_quote, spanned::Spanned};

use crate::{
    attr::{Access, DefaultValue},
    cfg::conditions,
    doc::{Doc, Piece},
    lifetimes::with_lifetime,
    tool_fn::{Function, Kind, Param, ToolFn},
    validate::hides_a_type,
};

pub(crate) fn tool(tool: &ToolFn) -> TokenStream {
    let function = function(tool);
    // An owned parameter is an argument from the model. Clippy proposes to borrow it, which would
    // take it from the state instead.
    let owned = tool.params.iter().any(|param| matches!(param.kind, Kind::Owned(_)));
    let by_value = owned.then(|| quote!(#[allow(clippy::needless_pass_by_value)]));
    let twin = twin(tool);
    let info = tool_info(tool);
    let call = call::tool_impl(tool);
    let borrows = call::borrows_each_state_once(tool);
    quote!(#by_value #function #twin #info #call #borrows)
}

/// Emits the unchanged function and a tool that cannot be called, so that `tools![..]` reports no
/// further errors.
pub(crate) fn broken_tool(tool: &ToolFn, error: &syn::Error) -> TokenStream {
    let error = error.to_compile_error();
    let Function { attrs, signature, .. } = &tool.function;
    if signature.variadic.is_some() {
        // The compiler rejects this name too, and a second item would repeat its error.
        return error;
    }
    let function = function(tool);
    if signature.receiver().is_some() || hides_a_type(tool) {
        return quote!(#error #function);
    }
    let core = core(tool);
    let (ident, name) = (tool.ident(), tool.name());
    let conditions = conditions(attrs);
    let twin = twin(tool);
    let state = call::state(tool);
    quote! {
        #error
        #function
        #twin

        #(#conditions)*
        impl #core::ToolInfo for #ident {
            const META: #core::Meta = #core::Meta::new(#name, "", &[]);
        }

        #(#conditions)*
        impl<#state: ::core::marker::Send + ::core::marker::Sync + 'static> #core::Tool<#state> for #ident {
            fn call(_: #core::Invocation<#state>) -> #core::CallFuture {
                ::core::unreachable!()
            }
        }
    }
}

/// Emits the function. A parameter that only a key uses is not unused, so the lint is allowed for
/// it: the compiler does not see that the copy of the key uses it.
fn function(tool: &ToolFn) -> TokenStream {
    let Function { attrs, visibility, signature, body } = &tool.function;
    let mut signature = signature.clone();
    for input in &mut signature.inputs {
        if let FnArg::Typed(param) = input
            && keys::mention(tool, &param.pat)
        {
            // Before the user's own attributes, which take precedence.
            param.attrs.insert(0, parse_quote!(#[allow(unused_variables)]));
        }
    }
    quote!(#(#attrs)* #visibility #signature #body)
}

/// Declares the struct that shares the function's name: types and functions have separate
/// namespaces.
fn twin(tool: &ToolFn) -> TokenStream {
    let Function { attrs, visibility, .. } = &tool.function;
    let conditions = conditions(attrs);
    let ident = tool.ident();
    // If a module of this name exists, the error about the collision points at the name.
    let twin = located(quote!(struct #ident {}), ident.span());
    quote! {
        #(#conditions)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code)]
        #visibility #twin
    }
}

fn tool_info(tool: &ToolFn) -> TokenStream {
    let core = core(tool);
    let attrs = impl_attrs(tool);
    let ident = tool.ident();
    let meta = meta(tool);
    // A constant of the struct and not of the trait: a `pub` tool may have arguments of private
    // types.
    let types = args(tool).map(|param| arg_type(param, &core));
    let values = args(tool).map(|param| arg(param, &core));
    let args = args(tool).next().map(|_| quote!(const ARGS: (#(#types,)*) = (#(#values,)*);));
    let resources = keys::resources(tool);
    let own = (args.is_some() || resources.is_some()).then(|| {
        quote! {
            #(#attrs)*
            impl #ident {
                #args
                #resources
            }
        }
    });
    quote! {
        #own

        #(#attrs)*
        impl #core::ToolInfo for #ident {
            const META: #core::Meta = #meta;
        }
    }
}

fn meta(tool: &ToolFn) -> TokenStream {
    let core = core(tool);
    let options = &tool.options;
    let name = LitStr::new(&tool.name(), tool.ident().span());
    let description = text(options.description.as_ref(), &tool.doc);
    let parameters = constants(tool);
    let title = options.title.iter();
    let resources = (!options.resources.is_empty()).then(|| quote!(.resources(Self::RESOURCES)));
    let access =
        options.access.iter().map(|(access, _)| *access).max().map(|access| match access {
            Access::Pure => TokenStream::new(),
            Access::Read => quote!(.read()),
            Access::Write => quote!(.write()),
        });
    let timeout = options.timeout.iter().map(|timeout| Literal::u64_unsuffixed(timeout.millis));
    let is_async = tool.function.signature.asyncness.is_some();
    let thread = match (&options.inline, &options.blocking) {
        (Some(_), _) => quote!(.inline()),
        (None, None) if is_async => TokenStream::new(),
        _ => quote!(.blocking()),
    };
    let solo = options.solo.iter().map(|_| quote!(.solo()));
    let destructive = options.destructive.iter().map(|_| quote!(.destructive()));
    let at_most = options.max_concurrent.iter().map(|calls| {
        let calls = Literal::u32_unsuffixed(calls.base10_parse().unwrap_or(1));
        quote!(.max_concurrent(#calls))
    });
    quote! {
        #core::Meta::new(#name, #description, &[#(&#parameters),*])
            #(.title(#title))*
            #resources
            #access
            #(#destructive)*
            #(#solo)*
            #(#at_most)*
            #(.timeout_ms(#timeout))*
            #thread
    }
}

fn arg_type(param: &Param, core: &TokenStream) -> TokenStream {
    value_type(param).map_or_else(|| quote!(#core::TextArg), |ty| quote!(#core::Arg<#ty>))
}

fn arg(param: &Param, core: &TokenStream) -> TokenStream {
    let name = param.name();
    let description = text(param.options.description.as_ref(), &param.doc);
    let place = at(&param.written.ty);
    let default = param.options.default.as_ref().map(|default| {
        let value = match (default, &param.kind) {
            (DefaultValue::OfType, _) => {
                quote_spanned!(place=> ::core::default::Default::default())
            }
            (DefaultValue::Expr(expr), Kind::Text | Kind::Slice(_)) => {
                quote!(::core::convert::From::from(#expr))
            }
            (DefaultValue::Expr(expr), _) => expr.to_token_stream(),
        };
        quote_spanned!(place=> .or(|| #value))
    });
    let arg = value_type(param).map_or_else(|| quote!(text), |ty| quote!(arg::<#ty>));
    quote!(#core::#arg(#name, #description) #default)
}

/// The type that a value is read as; a `&str` is a slice of the call's text and has none.
fn value_type(param: &Param) -> Option<TokenStream> {
    let owned = Lifetime::new("'static", Span::call_site());
    match &param.kind {
        Kind::Lent { .. } | Kind::Text => None,
        Kind::Slice(item) => {
            let item = with_lifetime(item, &owned);
            Some(quote_spanned!(at(&item)=> ::std::vec::Vec<#item>))
        }
        Kind::Owned(ty) => Some(with_lifetime(ty, &owned).to_token_stream()),
    }
}

/// The parameters that come from the model.
fn args(tool: &ToolFn) -> impl DoubleEndedIterator<Item = &Param> {
    tool.params.iter().filter(|param| !param.is_lent())
}

/// `Self::ARGS.0`, `Self::ARGS.1`, ..: what describes the arguments.
fn constants(tool: &ToolFn) -> impl Iterator<Item = TokenStream> {
    (0..args(tool).count()).map(|i| {
        let index = Literal::usize_unsuffixed(i);
        quote!(Self::ARGS.#index)
    })
}

/// Doc text as an expression; the core trims the joined pieces.
fn text(given: Option<&LitStr>, doc: &Doc) -> TokenStream {
    let pieces = doc.pieces().iter().map(|piece| match piece {
        Piece::Text(text) => text.to_token_stream(),
        Piece::Expr(expr) => expr.to_token_stream(),
    });
    match (given, doc.pieces()) {
        (Some(given), _) => given.to_token_stream(),
        (None, []) => quote!(""),
        (None, [Piece::Text(text)]) => text.to_token_stream(),
        (None, [Piece::Expr(expr)]) => expr.to_token_stream(),
        (None, _) => quote!(::core::concat!(#(#pieces),*)),
    }
}

fn impl_attrs(tool: &ToolFn) -> Vec<Attribute> {
    let attrs = &tool.function.attrs;
    let mut kept = conditions(attrs);
    if attrs.iter().any(|attr| attr.path().is_ident("deprecated")) {
        kept.push(parse_quote!(#[allow(deprecated)]));
    }
    kept
}

/// Changes the location of tokens but not how their names resolve.
pub(crate) fn located(tokens: TokenStream, place: Span) -> TokenStream {
    let moved = tokens.into_iter().map(|mut token| {
        token.set_span(token.span().located_at(place));
        token
    });
    moved.collect()
}

/// The location of a type, for generated code. The hygiene stays that of the macro, so lints skip
/// the code.
pub(crate) fn at(ty: &Type) -> Span {
    Span::call_site().located_at(ty.span())
}

fn core(tool: &ToolFn) -> TokenStream {
    private(tool.options.core.as_ref())
}

/// The only module of the core that generated code names.
pub(crate) fn private(core: Option<&Path>) -> TokenStream {
    let path = core.map_or_else(|| quote!(::agent_core), ToTokens::to_token_stream);
    quote!(#path::__private)
}
