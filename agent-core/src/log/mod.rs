//! What happens in a run: its steps, and what is folded from them.

pub(crate) mod end;
pub(crate) mod event;
pub(crate) mod step;
pub(crate) mod timeline;
