//! What happens in a run, as it happens.

use std::time::Duration;

use crate::access::Access;
use crate::transcript::{Status, Usage};

/// A step of a run. Times count from its start.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    /// The model is asked.
    TurnStarted { at: Duration },
    /// The model did not answer, and is asked again.
    TurnRetried,
    /// The model has answered.
    TurnEnded { at: Duration, usage: Usage, calls: usize },
    /// A call has its result.
    CallEnded(CallRow),
}

/// A call in the record of a run; its name and arguments stand in the transcript.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallRow {
    pub(crate) turn: u32,
    pub(crate) index: usize,
    pub(crate) access: Option<Access>,
    /// Whether the tool says nothing of what it touches.
    pub(crate) silent: bool,
    pub(crate) status: Status,
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

/// The record of a run: the fold of its events.
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

    pub(crate) fn apply(&mut self, event: Event) {
        match event {
            Event::TurnStarted { at } => {
                self.turns.push(TurnRow { started: at, ended: at, attempts: 1 });
            }
            Event::TurnRetried => {
                if let Some(turn) = self.turns.last_mut() {
                    turn.attempts += 1;
                }
            }
            Event::TurnEnded { at, usage, calls } => {
                self.usage += usage;
                self.calls.reserve_exact(calls);
                if let Some(turn) = self.turns.last_mut() {
                    turn.ended = at;
                }
            }
            Event::CallEnded(row) => self.calls.push(row),
        }
    }
}
