//! Reads a function's typed parameters from the JSON text of a call, in one pass.

mod fault;
mod fill;
mod param;
mod strict;
mod text;

pub use param::{Arg, arg};
pub use text::{Text, TextArg, text};

pub(crate) use strict::read_once;

use crate::error::ToolError;
use crate::schema::Described;
use crate::tool::context::ToolContext;

/// A parameter without its type: what the schema and the search for faults need.
pub trait Parameter: Sync {
    #[doc(hidden)]
    fn describe(&self) -> Described;
}

pub(crate) fn describe(parameters: &[&dyn Parameter]) -> Vec<Described> {
    parameters.iter().map(|parameter| parameter.describe()).collect()
}

/// The slot of an argument without its type, which the scanner fills.
pub trait Fill<'de> {
    /// The argument's name.
    fn name(&self) -> &'static str;

    /// Reads the value from the start of `rest`, and returns its length in bytes.
    ///
    /// `None` is a fault (given twice, ill-typed), which a second pass describes.
    fn put(&mut self, rest: &'de str) -> Option<usize>;

    /// Sets the default or absent value if the model sent none; `None` if the argument is required.
    fn settle(&mut self, call: Option<&ToolContext>) -> Option<()>;
}

/// Fills the slots from the call's text. After a fault, a second, slower pass finds all of them.
pub(crate) fn read<'de>(
    text: &'de str,
    call: Option<&ToolContext>,
    parameters: &[&dyn Parameter],
    slots: &mut [&mut dyn Fill<'de>],
) -> Result<(), ToolError> {
    let filled = fill::object(text, slots).is_some()
        && slots.iter_mut().all(|slot| slot.settle(call).is_some());
    match filled {
        true => Ok(()),
        false => Err(ToolError::arguments(fault::find(text, &describe(parameters)))),
    }
}

/// Checks arguments without keeping their values.
pub(crate) fn check(text: &str, parameters: &[&dyn Parameter]) -> Result<(), ToolError> {
    let faults = fault::find(text, &describe(parameters));
    if faults.is_none() { Ok(()) } else { Err(ToolError::arguments(faults)) }
}
