//! The one door through which calls run: one table for the calls of a response, from the first that is
//! offered to the last result.
//!
//! [`batch`] is what a run holds, [`seal`] drives the calls of a response that has ended, [`table`] is a
//! lock around the [`state`] of all calls, and [`task`] is a body that waited. [`caller`] runs one call
//! outside of a run.

pub(crate) mod batch;
pub(crate) mod caller;
mod decide;
mod ending;
mod follows;
mod held;
mod inline;
#[cfg(all(test, shuttle))]
mod interleavings;
mod lookup;
mod over;
mod prepare;
pub(crate) mod replay;
pub(crate) mod rules;
pub(crate) mod seal;
mod seal_end;
mod state;
#[cfg(test)]
mod state_properties;
mod stop_calls;
mod table;
mod task;
