use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Attribute, Error, Field, Generics, Index, Item, ItemStruct, Member, Path, Result, Token, Type,
    WherePredicate, parse::ParseStream, parse_quote, parse_quote_spanned, spanned::Spanned,
};

use crate::{
    attr::{list, path, set, word},
    errors::Errors,
    expand::{at, located, private},
    unknown::unknown,
};

pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let impls = read(item, &mut errors);
    let error = errors.into_error().map(syn::Error::into_compile_error);
    quote!(#error #impls)
}

/// A field and how it is lent to tools.
struct Lending {
    member: Member,
    ty: Type,
    lend: Lend,
}

enum Lend {
    /// A plain field, lent by `&`.
    Whole,
    /// A lock, with the type of what it guards.
    Mut(Box<Type>),
    Skip,
}

/// Generates the impls of the valid fields.
pub(crate) fn read(item: TokenStream, errors: &mut Errors) -> Option<TokenStream> {
    let item = match errors.ok(syn::parse2(item))? {
        Item::Struct(item) => item,
        Item::Enum(item) => return refuse(item.enum_token, errors),
        Item::Union(item) => return refuse(item.union_token, errors),
        item => return refuse(item, errors),
    };
    if let Some(lifetime) = item.generics.lifetimes().next() {
        let message = "state outlives the calls that use it, so it cannot borrow: own the value, or share an `Arc`";
        errors.at(lifetime, message);
        return None;
    }
    let core = private(core(&item.attrs, errors).as_ref());
    let fields = item.fields.iter().enumerate();
    let lendings = fields.map(|(index, field)| Lending::read(index, field, errors));
    Some(lendings.flatten().filter_map(|lending| lending.impls(&item, &core)).collect())
}

fn refuse<T>(place: impl ToTokens, errors: &mut Errors) -> Option<T> {
    errors.at(place, "`State` is derived for a struct: each of its fields is lent by its type");
    None
}

fn core(attrs: &[Attribute], errors: &mut Errors) -> Option<Path> {
    let mut core = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("state")) {
        for option in errors.ok(attr.parse_args_with(list)).into_iter().flatten() {
            let read = match word(&option).as_str() {
                "crate" => set(&mut core, &option, path),
                _ => Err(unknown(&option, &["crate"])),
            };
            errors.ok(read);
        }
    }
    core
}

impl Lending {
    fn read(index: usize, field: &Field, errors: &mut Errors) -> Option<Self> {
        let unnamed = || Member::Unnamed(Index::from(index));
        Some(Self {
            member: field.ident.clone().map_or_else(unnamed, Member::Named),
            ty: field.ty.clone(),
            lend: errors.ok(Lend::of(field))?,
        })
    }

    fn impls(&self, item: &ItemStruct, core: &TokenStream) -> Option<TokenStream> {
        match &self.lend {
            Lend::Whole => Some(self.lend_whole(item, core)),
            Lend::Mut(guarded) => Some(self.lend_guarded(guarded, item, core)),
            Lend::Skip => None,
        }
    }

    fn lend_whole(&self, item: &ItemStruct, core: &TokenStream) -> TokenStream {
        let Self { member, ty, .. } = self;
        let name = &item.ident;
        let generics = sendable(&item.generics);
        let (params, args, bounds) = generics.split_for_impl();
        quote_spanned! {at(ty)=>
            impl #params #core::Lend<#ty> for #name #args #bounds {
                type Ref<'__a> = &'__a #ty where Self: '__a;
                const KIND: #core::Kind = #core::Kind::Handle;
                fn lend(&self) -> impl ::core::future::Future<Output = Self::Ref<'_>> + ::core::marker::Send {
                    ::core::future::ready(&self.#member)
                }
            }
        }
    }

    fn lend_guarded(&self, guarded: &Type, item: &ItemStruct, core: &TokenStream) -> TokenStream {
        let Self { member, ty, .. } = self;
        let name = &item.ident;
        let core = located(core.clone(), guarded.span());
        let lock = located(ty.to_token_stream(), guarded.span());
        // If the lock guards another type, only this bound is an error, not each line below.
        let guards: WherePredicate =
            parse_quote_spanned!(at(guarded)=> #lock: #core::LendMut<#guarded>);
        let mut generics = sendable(&item.generics);
        generics.make_where_clause().predicates.push(guards);
        let (params, args, bounds) = generics.split_for_impl();
        quote_spanned! {at(guarded)=>
            #[allow(trivial_bounds)]
            impl #params #core::Lend<#guarded> for #name #args #bounds {
                type Ref<'__a> = <#ty as #core::Lend<#guarded>>::Ref<'__a> where Self: '__a;
                const KIND: #core::Kind = <#ty as #core::Lend<#guarded>>::KIND;
                fn lend(&self) -> impl ::core::future::Future<Output = Self::Ref<'_>> + ::core::marker::Send {
                    #core::Lend::<#guarded>::lend(&self.#member)
                }
            }

            #[allow(trivial_bounds)]
            impl #params #core::LendMut<#guarded> for #name #args #bounds {
                type Mut<'__a> = <#ty as #core::LendMut<#guarded>>::Mut<'__a> where Self: '__a;
                fn lend_mut(&self) -> impl ::core::future::Future<Output = Self::Mut<'_>> + ::core::marker::Send {
                    #core::LendMut::<#guarded>::lend_mut(&self.#member)
                }
            }
        }
    }
}

/// Adds the bounds of state, which calls on all threads share.
fn sendable(generics: &Generics) -> Generics {
    let mut sendable = generics.clone();
    let bounds = generics.type_params().map(|param| -> WherePredicate {
        let ident = &param.ident;
        parse_quote!(#ident: ::core::marker::Send + ::core::marker::Sync + 'static)
    });
    sendable.make_where_clause().predicates.extend(bounds);
    sendable
}

impl Lend {
    fn of(field: &Field) -> Result<Self> {
        let mut attrs = field.attrs.iter().filter(|attr| attr.path().is_ident("lend"));
        let Some(attr) = attrs.next() else {
            return Ok(Self::Whole);
        };
        if let Some(second) = attrs.next() {
            return Err(Error::new_spanned(
                second,
                "a field lends one thing: remove this `#[lend]`",
            ));
        }
        attr.parse_args_with(Self::parse)
    }

    fn parse(input: ParseStream) -> Result<Self> {
        mod word {
            syn::custom_keyword!(skip);
        }
        if input.peek(Token![mut]) {
            input.parse::<Token![mut]>()?;
            return input.parse().map(Box::new).map(Self::Mut);
        }
        let unknown = input.error("write `mut Type` with the type that a lock guards, or `skip`");
        input.parse::<word::skip>().map(|_| Self::Skip).map_err(|_| unknown)
    }
}
