//! From the JSON text of a call to a function's typed parameters, in one pass.

mod fault;
mod guard;
mod list;
mod param;
mod place;
mod scan;

pub(crate) use list::Described;
pub use list::{Args, describe};
pub use param::{Arg, Text, arg};

pub(crate) use fault::excerpt;
pub(crate) use guard::read_once;

use crate::context::Ctx;
use crate::error::ToolError;

/// Reads the arguments of a call; a fault costs a second, slower pass that finds all of them.
#[inline]
pub(crate) fn read<'de, A: Args<'de>>(
    text: &'de str,
    call: Option<&Ctx>,
    make: fn() -> A,
) -> Result<A::Values, ToolError> {
    let mut args = make();
    if scan::object(text, &mut args).is_some()
        && let Some(values) = args.finish(call)
    {
        return Ok(values);
    }
    Err(ToolError::arguments(fault::find(text, &describe(&make()))))
}
