use super::erased::{Fill, Parameter, describe};
use super::{fault, fill};
use crate::error::ToolError;
use crate::tool::context::ToolContext;

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
