//! The rules of a run: its limits, the approval of its calls, and its cancel and deadlines.

pub(crate) mod approval;
mod cut;
pub(crate) mod limits;
pub(crate) mod stop;
