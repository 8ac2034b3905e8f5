mod golden;
mod mentions;
mod refusals;
mod state;

use proc_macro2::TokenStream;
use syn::{Attribute, Meta, Result, parse::ParseStream};

use crate::errors::Errors;

/// An item and the arguments of its first attribute, as the compiler passes them to an attribute
/// macro.
struct Input {
    options: TokenStream,
    item: TokenStream,
}

impl Input {
    fn parse(input: ParseStream) -> Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let options = match attrs.remove(0).meta {
            Meta::List(list) => list.tokens,
            _ => TokenStream::new(),
        };
        let rest: TokenStream = input.parse()?;
        Ok(Self { options, item: quote::quote!(#(#attrs)* #rest) })
    }
}

/// The message of each mistake and the source that it points at.
fn faults(errors: Errors) -> Vec<(String, String)> {
    let errors = errors.into_error().into_iter().flatten();
    errors
        .map(|error| (error.to_string(), error.span().source_text().unwrap_or_default()))
        .collect()
}

#[track_caller]
fn assert_faults(errors: Errors, expected: &[(&str, &str)]) {
    let faults = faults(errors);
    let faults: Vec<_> =
        faults.iter().map(|(message, place)| (message.as_str(), place.as_str())).collect();
    assert_eq!(faults, expected);
}
