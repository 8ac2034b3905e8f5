use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Lifetime, ReturnType, Type};

use super::{args, at, constants, core, impl_attrs, keys, located};
use crate::{
    attr::Access,
    cfg::conditions,
    lifetimes::with_lifetime,
    tool_fn::{Kind, ToolFn},
};

pub(super) fn tool_impl(tool: &ToolFn) -> TokenStream {
    let core = core(tool);
    let attrs = impl_attrs(tool);
    let ident = tool.ident();
    let bounds = bounds(tool, &core);
    let lent = lent_const(tool, &core);
    let body = call_body(tool, &core);
    let cx = local("cx");
    quote! {
        #(#attrs)*
        impl<__S: #bounds> #core::Tool<__S> for #ident {
            #lent
            fn call(#cx: #core::Invocation<__S>) -> #core::CallFuture {
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

fn lent_const(tool: &ToolFn, core: &TokenStream) -> Option<TokenStream> {
    let lent: Vec<_> = lent(tool)
        .map(|Lent { mutable, ty }| {
            let kind = if mutable { quote!(exclusive) } else { quote!(shared) };
            quote!(#core::Lent::#kind::<__S, #ty>())
        })
        .collect();
    (!lent.is_empty()).then(|| quote!(const LENT: &'static [#core::Lent] = &[#(#lent),*];))
}

fn call_body(tool: &ToolFn, core: &TokenStream) -> TokenStream {
    let cx = local("cx");
    // Borrowing from the state already waits for the call's admission, and a call that claims
    // nothing is not queued.
    let waits = lent(tool).next().is_none() && tool.options.access() != Some(Access::Pure);
    let admitted = waits.then(|| quote!(#cx.admitted().await;));
    let lends = lent(tool).zip(locals("s")).map(|(Lent { mutable, ty }, name)| {
        if mutable {
            quote!(let mut #name = #cx.lend_mut::<#ty>().await;)
        } else {
            quote!(let #name = #cx.lend::<#ty>().await;)
        }
    });
    let arguments = arguments(tool);
    let keys = keys::has_keys(tool).then(|| taken(tool));
    let returned = returned(tool, core);
    quote! {
        #arguments
        #keys
        #admitted
        #(#lends)*
        #returned
    }
}

fn arguments(tool: &ToolFn) -> TokenStream {
    let cx = local("cx");
    let names: Vec<_> = locals("a").take(args(tool).count()).collect();
    let constants = constants(tool);
    quote! {
        #(let mut #names = #constants.slot();)*
        #cx.read::<Self>(&mut [#(&mut #names),*])?;
    }
}

/// Takes the arguments out of their slots before the keys are computed from them.
fn taken(tool: &ToolFn) -> TokenStream {
    let names: Vec<_> = locals("a").take(args(tool).count()).collect();
    let claims = keys::claims(tool, &local("cx"), &names);
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
    let convert = located(quote!((#function #call).convert()), last);
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
    let impls: Vec<_> = lent(tool)
        .map(|Lent { ty, .. }| quote_spanned!(at(&ty)=> impl BorrowsEachStateOnce<#ty> for Tool {}))
        .collect();
    let conditions = conditions(&tool.function.attrs);
    (impls.len() > 1).then(|| {
        quote! {
            #(#conditions)*
            #[allow(dead_code)]
            const _: () = {
                trait BorrowsEachStateOnce<T: ?Sized> {}
                struct Tool;
                #(#impls)*
            };
        }
    })
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

/// A local with hygiene, because a tool can have any name.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

fn locals(prefix: &str) -> impl Iterator<Item = Ident> {
    (0..).map(move |i: usize| local(&format!("{prefix}{i}")))
}
