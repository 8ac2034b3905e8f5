//! The output of a tool, as the model receives it.

mod plain;
pub(crate) mod returned;
mod tool_output;

pub use returned::{IntoToolError, IntoToolOutput};
pub use tool_output::ToolOutput;
