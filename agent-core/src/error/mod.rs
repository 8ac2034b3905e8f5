//! Errors of tools and of models.

mod chain;
mod model;
mod nearest;
mod tool;

pub(crate) use chain::with_sources;
pub use model::{ModelError, ModelErrorKind};
pub(crate) use nearest::nearest;
pub use tool::ToolError;
pub(crate) use tool::ToolErrorKind;
