//! Runs of an agent: the loop, its events, its end.

pub(crate) mod agent;
mod answer;
pub(crate) mod conversation;
mod driver;
mod events;
pub(crate) mod outcome;
mod place;
#[expect(clippy::module_inception, reason = "the type of this file is `Run`")]
pub(crate) mod run;
pub(crate) mod stream;
mod turn;
