use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Lifetime, ReturnType, Signature, Type};

use super::{args, at, constants, core, impl_attrs, keys, located};
use crate::{
    attr::Access,
    cfg::conditions,
    lifetimes::with_lifetime,
    mentions,
    tool_fn::{Kind, ToolFn},
};

pub(super) fn tool_impl(tool: &ToolFn) -> TokenStream {
    let core = core(tool);
    let attrs = impl_attrs(tool);
    let ident = tool.ident();
    let state = state(tool);
    let bounds = bounds(tool, &core);
    let lent = lent_const(tool, &state, &core);
    let body = call_body(tool, &core);
    let cx = local("cx");
    quote! {
        #(#attrs)*
        impl<#state: #bounds> #core::Tool<#state> for #ident {
            #lent
            fn call(#cx: #core::Invocation<#state>) -> #core::CallFuture {
                ::std::boxed::Box::pin(async move { #body })
            }
        }
    }
}

fn bounds(tool: &ToolFn, core: &TokenStream) -> TokenStream {
    let mut bounds = lent(tool).map(|Lent { mutable, ty }| {
        if mutable { quote!(#core::LendMut<#ty>) } else { quote!(#core::Lend<#ty>) }
    });
    let Some(first) = bounds.next() else {
        return quote!(::core::marker::Send + ::core::marker::Sync + 'static);
    };
    quote!(#first #(+ #bounds)*)
}

fn lent_const(tool: &ToolFn, state: &Ident, core: &TokenStream) -> Option<TokenStream> {
    let lent: Vec<_> = lent(tool)
        .map(|Lent { mutable, ty }| {
            let kind = if mutable { quote!(exclusive) } else { quote!(shared) };
            quote!(#core::Lent::#kind::<#state, #ty>())
        })
        .collect();
    (!lent.is_empty()).then(|| quote!(const LENT: &'static [#core::Lent] = &[#(#lent),*];))
}

fn call_body(tool: &ToolFn, core: &TokenStream) -> TokenStream {
    let cx = local("cx");
    // Borrowing from the state already waits for the call's admission, and a call that claims
    // nothing is not queued.
    let waits = lent(tool).next().is_none() && tool.options.access() != Some(Access::Pure);
    let admitted = waits.then(|| quote!(#core::Invocation::admitted(&#cx).await;));
    let lends = lent(tool).zip(locals("s")).map(|(Lent { mutable, ty }, name)| {
        if mutable {
            quote!(let mut #name = #core::Invocation::lend_mut::<#ty>(&#cx).await;)
        } else {
            quote!(let #name = #core::Invocation::lend::<#ty>(&#cx).await;)
        }
    });
    let arguments = arguments(tool, core);
    let keys = keys::has_keys(tool).then(|| taken(tool, core));
    let returned = returned(tool, core);
    quote! {
        #arguments
        #keys
        #admitted
        #(#lends)*
        #returned
    }
}

fn arguments(tool: &ToolFn, core: &TokenStream) -> TokenStream {
    let cx = local("cx");
    let names: Vec<_> = locals("a").take(args(tool).count()).collect();
    let slots = args(tool).zip(constants(tool)).map(|(param, constant)| {
        let arg = if matches!(param.kind, Kind::Text) { quote!(TextArg) } else { quote!(Arg) };
        quote!(#core::#arg::slot(&#constant))
    });
    quote! {
        #(let mut #names = #slots;)*
        #core::Invocation::read::<Self>(&#cx, &mut [#(&mut #names),*])?;
    }
}

/// Keys are computed from the arguments, which are therefore taken out of their slots before them.
fn taken(tool: &ToolFn, core: &TokenStream) -> TokenStream {
    let names: Vec<_> = locals("a").take(args(tool).count()).collect();
    let claims = keys::claims(tool, &local("cx"), &names, core);
    quote! {
        #(let #names = #names.take();)*
        #claims
    }
}

/// Located at the return type, where an error about that type belongs.
fn returned(tool: &ToolFn, core: &TokenStream) -> TokenStream {
    let place = match &tool.function.signature.output {
        ReturnType::Type(_, ty) => ty.to_token_stream(),
        ReturnType::Default => tool.ident().to_token_stream(),
    };
    let mut spans = place.into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    let last = spans.last().unwrap_or(first);

    let mut ident = tool.ident().clone();
    ident.set_span(Span::call_site());
    let arguments = passed(tool);
    let wait = tool.function.signature.asyncness.map(|_| quote!(.await));
    let function = located(quote!(#ident), first);
    let call = located(quote!((#(#arguments),*) #wait), last);
    let wrap = located(quote!(#core::Returned::new), first);
    // By a method, because the compiler chooses by the type whether this is a `Result`. A path could not do
    // that, so its name is one that no trait of the user has.
    let convert = located(quote!((#function #call).__agent_core_convert()), last);
    quote!(#wrap #convert)
}

fn passed(tool: &ToolFn) -> impl Iterator<Item = TokenStream> {
    let (mut args, mut states) = (locals("a"), locals("s"));
    let take = (!keys::has_keys(tool)).then(|| quote!(.take()));
    tool.params.iter().map(move |param| {
        let name = if param.is_lent() { states.next() } else { args.next() };
        match &param.kind {
            Kind::Lent { mutable: false, .. } => quote!(&*#name),
            Kind::Lent { mutable: true, .. } => quote!(&mut *#name),
            Kind::Text | Kind::Slice(_) => quote!(&#name #take),
            Kind::Owned(_) => quote!(#name #take),
        }
    })
}

/// Makes the compiler, which resolves aliases, reject a type that is borrowed twice.
pub(super) fn borrows_each_state_once(tool: &ToolFn) -> Option<TokenStream> {
    let core = core(tool);
    let ident = tool.ident();
    let conditions = conditions(&tool.function.attrs);
    let impls = lent(tool).map(|Lent { ty, .. }| {
        quote_spanned! {at(&ty)=>
            #(#conditions)*
            impl #core::BorrowsEachStateOnce<#ty> for #ident {}
        }
    });
    let impls: Vec<_> = impls.collect();
    (impls.len() > 1).then(|| quote!(#(#impls)*))
}

struct Lent {
    mutable: bool,
    ty: Type,
}

/// The parameters that are borrowed from the state. State lives as long as the agent, so their
/// lifetimes are `'static`.
fn lent(tool: &ToolFn) -> impl Iterator<Item = Lent> {
    let state = Lifetime::new("'static", Span::call_site());
    tool.params.iter().filter_map(move |param| match &param.kind {
        Kind::Lent { mutable, ty } => {
            Some(Lent { mutable: *mutable, ty: with_lifetime(ty, &state) })
        }
        _ => None,
    })
}

/// The type parameter for the state. Type names have no hygiene: it is none of the signature's.
pub(super) fn state(tool: &ToolFn) -> Ident {
    let Signature { ident, inputs, .. } = &tool.function.signature;
    let written = quote!(#ident #inputs);
    let mut name = String::from("__S");
    while mentions::has(&written, &Ident::new(&name, Span::call_site())) {
        name.push('_');
    }
    Ident::new(&name, Span::call_site())
}

/// A tool may have any name, so ours are out of its sight; but a constant of the user's would not be out
/// of theirs, as a pattern.
fn local(name: &str) -> Ident {
    Ident::new(&format!("__{name}"), Span::mixed_site())
}

fn locals(prefix: &str) -> impl Iterator<Item = Ident> {
    (0..).map(move |i: usize| local(&format!("{prefix}{i}")))
}
