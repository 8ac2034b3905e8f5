//! Models of providers, each behind a feature of its name.

pub mod anthropic;
mod dialect;
mod json_members;
mod one_line;
mod secret;
mod sse;

pub use anthropic::Anthropic;
