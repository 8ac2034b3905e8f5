//! One tool: what it declares, what it is given, and what it returns.

pub(crate) mod access;
pub(crate) mod arguments;
pub(crate) mod claims;
pub(crate) mod context;
pub(crate) mod key;
pub(crate) mod meta;
pub(crate) mod output;
pub(crate) mod state;
