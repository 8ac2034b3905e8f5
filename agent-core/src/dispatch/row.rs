//! A call of a batch: where it is, what it holds, and what happened to it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;
use tokio_util::sync::CancellationToken;

use crate::dispatch::ending::Ending;
use crate::dispatch::over::Over;
use crate::dispatch::prepare::{CallMeta, Prepared};
use crate::dispatch::task::CallTask;
use crate::log::event::Event;
use crate::log::waited_for::WaitedFor;
use crate::schedule::queue::Holding;
use crate::sync::{AbortHandle, Instant};

/// The only place that knows where a call is.
pub(super) enum CallState {
    /// It was not admitted: not looked at yet, or held by the driver.
    Unread,
    /// It ended before it was admitted; answered when the response has ended.
    Refused(Box<Ending>),
    /// It waits in the ledger or for a slot.
    Queued,
    /// It has all that it needs, and was not polled yet. Without a state of its own it would be nowhere
    /// between its release and its first poll, and a driver that counts open calls would miss it.
    Starting,
    /// Its body was polled, or handed to a task or a thread. Without `since` it has not begun there.
    Running { since: Option<Instant>, task: Option<Arc<CallTask>>, abort: Option<AbortHandle> },
    /// It has ended, and the driver has not taken the ending. Without one it never began.
    Ended(Option<Ending>, CallTimes),
    /// The driver has its result, which counts if its response does.
    Early(Box<Over>),
    /// The driver has its ending.
    Counted,
}

/// When a call began and ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallTimes {
    pub(super) started: Option<Instant>,
    pub(super) ended: Instant,
}

/// A call of the batch.
pub(super) struct CallRow {
    pub(super) state: CallState,
    pub(super) meta: Option<CallMeta>,
    /// The call until it begins.
    pub(super) prepared: Option<Prepared>,
    /// A column and not a part of a state: a body that outlives its timeout has its result long before it
    /// gives back its claims.
    pub(super) holding: Option<Holding>,
    pub(super) token: Option<CancellationToken>,
    /// What it waited for last.
    pub(super) waited_for: Option<WaitedFor>,
    /// The earlier call of the response that the ledger made it wait for.
    pub(super) follows: Option<usize>,
    /// The latest that it reported, and the driver has not taken.
    pub(super) progress: Option<String>,
    /// Events of the runs within it that the driver has not taken.
    pub(super) nested: VecDeque<Event>,
    /// It was stopped while another thread polled its body.
    pub(super) lingers: bool,
}

/// As many events of the runs within a call are kept before pieces of answers are left out.
pub(super) const MOST_NESTED: usize = 1024;

impl CallRow {
    pub(super) const NEW: Self = Self {
        state: CallState::Unread,
        meta: None,
        prepared: None,
        holding: None,
        token: None,
        waited_for: None,
        follows: None,
        progress: None,
        nested: VecDeque::new(),
        lingers: false,
    };

    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, CallState::Queued | CallState::Starting | CallState::Running { .. })
    }
}

/// A call that the driver's own poll has ended.
#[derive(Default)]
pub(super) struct EndedHere {
    pub(super) holding: Option<Holding>,
    pub(super) waited_for: Option<WaitedFor>,
    pub(super) follows: Option<usize>,
}

/// What came of a call while its response was written.
pub(super) enum Offered {
    /// It was not looked at, or is held.
    Unread,
    Refused(Ending),
    Admitted,
    Early(Box<Over>),
}

/// Something that happened to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CallEvent {
    pub(super) index: usize,
    pub(super) kind: CallEventKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallEventKind {
    Started,
    Progress,
    Nested,
    Ended,
}

/// What is left to do for a call that was stopped.
#[derive(Default)]
pub(super) struct Stopped {
    /// Its body, if it waited.
    pub(super) prepared: Option<Prepared>,
    /// The task that has its body, if it ran.
    pub(super) task: Option<Arc<CallTask>>,
    pub(super) abort: Option<AbortHandle>,
    /// What it held, if it had not begun.
    pub(super) holding: Option<Holding>,
    pub(super) waker: Option<Waker>,
}
