//! The macros of `agent-core`, which re-exports and documents them: `#[tool]` and `#[derive(State)]`.
//!
//! A tool goes `attr` (options) -> `tool_fn` (own types) -> `validate` (rules) -> `expand` (tokens).

mod attr;
mod cfg;
mod doc;
mod errors;
mod expand;
mod lifetimes;
mod state;
mod tool;
mod tool_fn;
mod types;
mod validate;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Makes a function a tool that a model can call.
#[proc_macro_attribute]
pub fn tool(options: TokenStream, item: TokenStream) -> TokenStream {
    tool::tool(options.into(), item.into()).into()
}

/// Lets the tools of an agent borrow the fields of a struct.
#[proc_macro_derive(State, attributes(lend, state))]
pub fn derive_state(item: TokenStream) -> TokenStream {
    state::derive(item.into()).into()
}
