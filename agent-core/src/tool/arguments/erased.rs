//! Parameters without their types: what one compiled reader handles for all tools.

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
