//! What happens in a run: its steps, and what is folded from them.

pub(crate) mod end;
pub(crate) mod event;
pub(crate) mod event_fold;
pub(crate) mod record;
pub(crate) mod run_id;
mod seconds;
pub(crate) mod span;
pub(crate) mod step;
pub(crate) mod timeline;
pub(crate) mod waited_for;
mod waterfall;
