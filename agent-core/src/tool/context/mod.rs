//! A call as its tool sees it, and as the runs within it see it.

pub(crate) mod claim_point;
mod invocation;
pub(crate) mod parent;
mod tool_context;

pub use invocation::Invocation;
pub use tool_context::ToolContext;
