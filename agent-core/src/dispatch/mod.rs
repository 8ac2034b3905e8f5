//! The one door through which calls run: one table for the calls of a response, from the first that is
//! offered to the last result.
//!
//! - [`batch`] is what a run holds. [`seal`] drives the calls of a response that has ended: [`decide`] asks the
//!   policy, [`held`] keeps those that wait for a decision, [`inline`] polls each for the first time.
//! - [`state`] is the state machine of all [`row`]s, [`table`] the lock around it, [`stop_calls`] stops them, and
//!   [`host`] is what runs within a call sees.
//! - [`task`] is a body that waited, or that runs on a thread.
//! - [`caller`] runs one call outside of a run.

pub(crate) mod batch;
pub(crate) mod bench;
pub(crate) mod caller;
mod decide;
mod ending;
mod follows;
mod held;
mod host;
mod inline;
#[cfg(all(test, shuttle))]
mod interleavings;
mod lookup;
mod over;
mod prepare;
pub(crate) mod replay;
mod row;
pub(crate) mod rules;
pub(crate) mod seal;
mod seal_end;
mod state;
#[cfg(test)]
mod state_properties;
mod stop_calls;
mod table;
mod task;
