//! From the JSON text of a call to a function's typed parameters, in one pass.

mod fault;
mod guard;
mod list;
mod param;
mod place;
mod scan;

pub use list::{Args, describe};
pub use param::{Arg, Text, arg};

pub(crate) use fault::{each_argument, excerpt};
pub(crate) use guard::read_once;

use crate::context::Cx;
use crate::error::ToolError;

impl<S> Cx<S> {
    /// The values of these parameters; a fault costs a second, slower pass that finds all of them.
    ///
    /// # Errors
    ///
    /// All that is wrong with the arguments, for the model to repair.
    #[inline]
    pub fn args<'a, A: Args<'a>>(&'a self, make: fn() -> A) -> Result<A::Values, ToolError> {
        let mut args = make();
        if scan::object(&self.text, &mut args).is_some()
            && let Some(values) = args.finish(self.call.as_ref())
        {
            return Ok(values);
        }
        Err(ToolError::arguments(fault::find(&self.text, &describe(&make()))))
    }
}
