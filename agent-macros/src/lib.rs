//! The macros of `agent-core`, which re-exports and documents them: `#[tool]` and
//! `#[derive(State)]`.
//!
//! A tool passes through `attr` (options) -> `tool_fn` (own types) -> `validate` (rules) ->
//! `expand` (tokens).

mod attr;
mod cfg;
mod doc;
mod errors;
mod expand;
mod lifetimes;
mod mentions;
mod state;
mod tool;
mod tool_fn;
mod types;
mod unknown;
mod validate;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

#[expect(missing_docs, reason = "documented where `agent-core` re-exports it")]
#[proc_macro_attribute]
pub fn tool(options: TokenStream, item: TokenStream) -> TokenStream {
    tool::tool(options.into(), item.into()).into()
}

#[expect(missing_docs, reason = "documented where `agent-core` re-exports it")]
#[proc_macro_derive(State, attributes(lend, state))]
pub fn derive_state(item: TokenStream) -> TokenStream {
    state::derive(item.into()).into()
}
