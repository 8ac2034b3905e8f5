//! Reads a function's typed parameters from the JSON text of a call, in one pass.

mod erased;
mod fault;
mod fill;
mod param;
mod read;
mod strict;
mod text;

pub use param::{Arg, arg};
pub use text::{Text, TextArg, text};

pub(crate) use erased::{Fill, Parameter, describe};
pub(crate) use read::{check, read};
pub(crate) use strict::read_once;
