//! The record of a run: what its outcome and its timeline need of its steps.

use std::time::Duration;

use crate::log::span::TurnSpan;
use crate::log::step::{CallRecord, Step};
use crate::transcript::Usage;

/// The record of a run: a fold of its steps.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) turns: Vec<TurnSpan>,
    pub(crate) calls: Vec<CallRecord>,
    pub(crate) usage: Usage,
    /// The tokens of the runs within its calls.
    pub(crate) nested_usage: Usage,
}

impl Record {
    /// When the last turn or call ended.
    pub(crate) fn elapsed(&self) -> Duration {
        let turns = self.turns.iter().map(|turn| turn.ended);
        turns.chain(self.calls.iter().map(|call| call.ended)).max().unwrap_or_default()
    }

    pub(crate) fn apply(&mut self, step: &Step<'_>) {
        match step {
            Step::TurnStarted { at, .. } => {
                self.turns.push(TurnSpan { started: *at, ended: *at, attempts: 1 });
            }
            Step::TurnRestarted { .. } => {
                if let Some(turn) = self.turns.last_mut() {
                    turn.attempts += 1;
                }
            }
            Step::Answered { at, response } => {
                if let Some(response) = response {
                    self.usage += response.usage();
                    self.calls.reserve_exact(response.calls().count());
                }
                if let Some(turn) = self.turns.last_mut() {
                    turn.ended = *at;
                }
            }
            Step::CallRecorded(call) => self.calls.push(*call),
            Step::NestedUsage { usage } => self.nested_usage += *usage,
            Step::Delta { .. }
            | Step::ApprovalRequested { .. }
            | Step::CallStarted { .. }
            | Step::CallProgress { .. }
            | Step::Nested { .. }
            | Step::CallEnded { .. }
            | Step::TurnEnded { .. } => {}
        }
    }
}
