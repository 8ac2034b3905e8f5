use std::{fs, path::Path};

use expect_test::expect_file;
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Item, Meta};

use crate::{state, tool::tool};

#[test]
fn sync() {
    check("sync");
}

#[test]
fn state_and_async() {
    check("state");
}

#[test]
fn arguments_of_each_kind() {
    check("arguments");
}

#[test]
fn options_of_arguments() {
    check("arg_options");
}

#[test]
fn options_of_tools() {
    check("tool_options");
}

#[test]
fn pure() {
    check("pure");
}

#[test]
fn resources_and_keys() {
    check("keys");
}

#[test]
fn attributes_and_raw_identifiers() {
    check("attributes");
}

#[test]
fn docs() {
    check("docs");
}

#[test]
fn hygiene() {
    check("hygiene");
}

#[test]
fn mistakes() {
    check("mistakes");
}

#[test]
fn derive_state() {
    check("derive_state");
}

fn check(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let input = fs::read_to_string(folder.join(name).with_extension("in.rs")).unwrap();
    let expanded = syn::parse_file(&input).unwrap().items.into_iter().map(expand).collect();
    let output = prettyplease::unparse(&syn::parse2(expanded).unwrap());
    expect_file![folder.join(name).with_extension("out.rs")].assert_eq(&output);
}

fn expand(mut item: Item) -> TokenStream {
    match &mut item {
        Item::Fn(function) => match take(&mut function.attrs, "tool") {
            Some(Meta::List(list)) => tool(list.tokens, item.into_token_stream()),
            Some(_) => tool(TokenStream::new(), item.into_token_stream()),
            None => item.into_token_stream(),
        },
        Item::Struct(structure) => match take(&mut structure.attrs, "derive") {
            Some(_) => state::derive(item.into_token_stream()),
            None => item.into_token_stream(),
        },
        _ => item.into_token_stream(),
    }
}

fn take(attrs: &mut Vec<Attribute>, name: &str) -> Option<Meta> {
    let place = attrs.iter().position(|attr| attr.path().is_ident(name))?;
    Some(attrs.remove(place).meta)
}
