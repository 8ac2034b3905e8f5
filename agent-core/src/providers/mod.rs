//! The models of providers, each behind a feature of its name.

pub mod anthropic;
mod dialect;
mod frames;
mod members;
mod secret;

pub use anthropic::Anthropic;
