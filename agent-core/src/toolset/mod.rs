//! The tools of an agent: a compile-time table bound to its state, and tools known at run time.

mod bound;
mod dynamic;
mod error;
pub(crate) mod index;
pub(crate) mod table;
mod tools;
#[expect(clippy::module_inception, reason = "the file of the type `Toolset`")]
mod toolset;

pub(crate) use bound::Bound;
pub use dynamic::DynamicTool;
pub use error::ToolsetError;
pub use table::ToolList;
pub use tools::Tools;
pub use toolset::Toolset;
