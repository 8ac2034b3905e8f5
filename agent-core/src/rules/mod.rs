//! What a run goes by: its limits, who approves its calls, and what stops it.

pub(crate) mod approval;
pub(crate) mod limits;
pub(crate) mod stop;
