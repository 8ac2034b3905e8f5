//! What the calls of one response run under.

use std::sync::Arc;
use std::time::Duration;

use crate::log::run_id::RunId;
use crate::log::waited_for::WaitedFor;
use crate::rules::approval::Approval;
use crate::rules::limits::Limits;
use crate::schedule::queue::{CallRef, CallSlots};
use crate::sync::{Handle, Instant};
use crate::tool::context::parent::ParentCall;
use crate::toolset::Toolset;

/// What the calls of one response run under.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) toolset: Toolset,
    pub(crate) limits: Limits,
    /// Those of the agent.
    pub(crate) slots: Option<Arc<CallSlots>>,
    pub(crate) approval: Approval,
    /// Start a call when the one before it has ended.
    pub(crate) one_by_one: bool,
    /// A consumer reads the run's events.
    pub(crate) watched: bool,
    pub(crate) run: RunId,
    pub(crate) turn: u32,
    /// How often the model was asked for the response: calls of failed attempts are other calls.
    pub(crate) attempt: u32,
    /// The call within which these run.
    pub(crate) parent: Option<ParentCall>,
    /// When the run began: the times of calls count from there.
    pub(crate) began: Instant,
    /// Where the calls run.
    pub(crate) runtime: Handle,
    /// A key for idempotent requests, given from outside for a single call.
    pub(crate) key: Option<Arc<str>>,
}

impl Rules {
    pub(super) fn call_ref(&self, index: usize) -> CallRef {
        CallRef { run: self.run.number(), turn: self.turn, attempt: self.attempt, index }
    }

    pub(super) fn waited_for(&self, call: CallRef) -> WaitedFor {
        match call {
            CallRef { run, .. } if run != self.run.number() => WaitedFor::OtherRun,
            CallRef { turn, attempt, .. } if turn == self.turn && attempt != self.attempt => {
                WaitedFor::FailedAnswer
            }
            CallRef { turn, index, .. } if turn == self.turn => WaitedFor::Call(index + 1),
            CallRef { turn, index, .. } => WaitedFor::Earlier { turn, number: index + 1 },
        }
    }

    pub(super) fn since_began(&self, time: Instant) -> Duration {
        time.saturating_duration_since(self.began)
    }

    /// Never the same for two calls, in any process.
    pub(super) fn key(&self, index: usize) -> String {
        let Self { key, run, turn, attempt, .. } = self;
        match key.as_deref() {
            Some(key) => key.to_owned(),
            None => format!("{run}-{turn}-{attempt}-{}", index + 1),
        }
    }
}
