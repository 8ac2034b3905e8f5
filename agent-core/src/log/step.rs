//! What happens in a run, as it happens, and the record of it.

use std::time::Duration;

use crate::error::ModelError;
use crate::model::Delta;
use crate::schema::Access;
use crate::transcript::{CallStatus, Response, ToolCall, ToolResult, Usage};

/// A step of a run. Times count from its start.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'a> {
    /// The model is asked.
    TurnStarted { turn: u32, at: Duration },
    /// The model tells something of its answer; if of a call, then of the one of this number.
    Told { calls: usize, delta: Delta<'a> },
    /// The model did not answer, and is asked again.
    TurnRestarted { error: &'a ModelError },
    /// The model has answered, or will not.
    Answered { at: Duration, response: Option<&'a Response> },
    /// Somebody is asked whether a call may run.
    ApprovalRequested { index: usize },
    /// A call's body begins.
    CallStarted { index: usize, call: &'a ToolCall },
    /// A call says how far it is.
    Progress { index: usize, text: &'a str },
    /// A call has its result, which counts if its response does.
    CallEnded { index: usize, result: &'a ToolResult },
    /// A call has its result, and that counts.
    CallCounted(CallRow),
    /// All calls of a response have their results.
    TurnEnded { response: &'a Response },
}

/// A call in the record of a run; its name and arguments stand in the transcript.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallRow {
    pub(crate) turn: u32,
    pub(crate) index: usize,
    pub(crate) access: Option<Access>,
    /// Whether the tool says nothing of what it touches.
    pub(crate) silent: bool,
    pub(crate) status: CallStatus,
    pub(crate) queued: Duration,
    pub(crate) started: Option<Duration>,
    pub(crate) ended: Duration,
    pub(crate) after: Option<After>,
}

/// A turn in the record of a run: when the model was asked and had answered, and how often it was
/// asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TurnRow {
    pub(crate) started: Duration,
    pub(crate) ended: Duration,
    pub(crate) attempts: u32,
}

/// For whom a call waited last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// A call of this run, by its turn and position.
    Call(u32, usize),
    /// A call of another run on the same ledger.
    OtherRun,
    /// A slot: the agent runs no more calls at the same time.
    Slot,
    /// A slot of its tool, of which no more calls run at the same time.
    ToolSlot,
    /// Somebody who may allow it.
    Approval,
}

/// The record of a run: the fold of its steps.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) turns: Vec<TurnRow>,
    pub(crate) calls: Vec<CallRow>,
    pub(crate) usage: Usage,
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
                self.turns.push(TurnRow { started: *at, ended: *at, attempts: 1 });
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
            Step::CallCounted(row) => self.calls.push(*row),
            Step::Told { .. }
            | Step::ApprovalRequested { .. }
            | Step::CallStarted { .. }
            | Step::Progress { .. }
            | Step::CallEnded { .. }
            | Step::TurnEnded { .. } => {}
        }
    }
}
