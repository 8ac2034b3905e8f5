//! The events of a run.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

use crate::log::end::RunEnd;
use crate::log::run_id::RunId;
use crate::log::seconds;
use crate::transcript::{StopReason, ToolResult, Usage};

/// Something that happens in a run: match on its [`kind`](Self::kind).
///
/// A run is a row of turns, each from [`TurnStarted`](EventKind::TurnStarted) to
/// [`TurnEnded`](EventKind::TurnEnded), which is missing where the model did not answer, or with more than
/// [`Limits::response_bytes`](crate::Limits::response_bytes). The last event is
/// [`RunEnded`](EventKind::RunEnded) or [`RunFailed`](EventKind::RunFailed).
///
/// Within a turn, the pieces of the model's answer arrive first, in its order. A call is announced and
/// written, may need approval, starts, may report progress, and ends; a call that never starts only ends,
/// and so does one whose result was known from an answer that failed. A call of an answer that was cut off
/// may not be written, and a call of an answer that did not arrive whole has no end if it did not start.
/// Calls start and end when they do; those that are safe do so while the answer still arrives.
/// [`TurnRestarted`](EventKind::TurnRestarted) voids all events of the turn before it.
///
/// # Identity
///
/// Calls are numbered from 1 in each turn, so `run`, `turn` and `number` name a call among those of all
/// runs. They match those of a [`PendingCall`](crate::PendingCall) and of a
/// [`CallSpan`](crate::CallSpan). Events of calls also carry the id that the model gave the call, which
/// some models leave empty or use twice: the transcript then has another.
///
/// # As JSON
///
/// Each event is a flat object with a `type`, to be forwarded as it is. Unknown types are read as
/// [`Unknown`](EventKind::Unknown), and unknown members are ignored.
///
/// ```
/// use agent_core::{Event, EventKind};
///
/// # fn main() -> serde_json::Result<()> {
/// let json = r#"{"run":"00000000c0ffee00-1","turn":1,"at":0.25,"type":"text","text":"Hello"}"#;
/// let event: Event = serde_json::from_str(json)?;
/// assert_eq!(event.kind, EventKind::Text { text: "Hello".into() });
/// assert_eq!(event.at.as_millis(), 250);
/// assert_eq!(serde_json::to_string(&event)?, json);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// The run in which it happened.
    pub run: RunId,
    /// The turn in which it happened, from 1; 0 before the first.
    pub turn: u32,
    /// When the run emitted it, counted from the run's start; a number of seconds in JSON.
    ///
    /// It grows from event to event, except where newer [progress](EventKind::CallProgress) of a call took
    /// the place of older. When a body began and ended to the microsecond is in the
    /// [`Timeline`](crate::Timeline).
    #[serde(with = "seconds")]
    pub at: Duration,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened in a run, with what belongs to it. New kinds can be added: ignore those that you do not
/// know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The model is asked.
    TurnStarted,
    /// The model writes more of its text.
    Text {
        /// The next piece of it.
        text: String,
    },
    /// The model writes more of its visible reasoning.
    Thinking {
        /// The next piece of it.
        text: String,
    },
    /// The model begins to write a call.
    CallAnnounced {
        /// The call's number.
        number: usize,
        /// The call's id.
        id: Arc<str>,
        /// The tool's name, as the model wrote it.
        name: Arc<str>,
    },
    /// The model writes more of the arguments of the call that was announced last.
    CallArguments {
        /// The call's number.
        number: usize,
        /// The call's id.
        id: Arc<str>,
        /// The next piece of their JSON.
        text: String,
    },
    /// The model has written a call, which now waits for the end of the answer, another call, a slot or
    /// the approver.
    CallWritten {
        /// The call's number.
        number: usize,
        /// The call's id.
        id: Arc<str>,
        /// The tool's name with the beginning of its arguments, for people: `read(a.md)`.
        label: String,
    },
    /// The [approver](crate::Agent::approve) is asked whether a call may run. If it is allowed, the call
    /// starts; if not, it ends.
    ApprovalRequested {
        /// The call's number.
        number: usize,
        /// The call's id.
        id: Arc<str>,
    },
    /// The tool of a call begins to run.
    CallStarted {
        /// The call's number.
        number: usize,
        /// The call's id.
        id: Arc<str>,
        /// The tool's name with the beginning of its arguments, for people: `read(a.md)`.
        label: String,
        /// The tool's name.
        name: Arc<str>,
        /// The JSON of its arguments.
        arguments: Arc<str>,
    },
    /// A call reports its progress, with [`ToolContext::progress`](crate::ToolContext::progress).
    CallProgress {
        /// The call's number.
        number: usize,
        /// The call's id.
        id: Arc<str>,
        /// What it reports.
        text: String,
    },
    /// Something happens in a run within a call.
    ///
    /// Of each call the first 1,024 events that the consumer has not taken are kept; beyond them, the pieces
    /// of answers and progress are left out.
    Nested {
        /// The number of the outer call.
        number: usize,
        /// The id of the outer call.
        id: Arc<str>,
        /// The event of the inner run.
        event: Box<Event>,
    },
    /// A call has its result. Where all results of a response are too large together, the model reads
    /// less of it.
    CallEnded {
        /// The call's number.
        number: usize,
        /// The call's id.
        id: Arc<str>,
        /// How the call ended, and what the model will read of it, if its answer arrives whole.
        result: ToolResult,
    },
    /// The model did not answer and is asked again, after some time: all earlier events of this turn are
    /// void.
    TurnRestarted {
        /// What happened, with its causes.
        error: String,
    },
    /// The model has answered, and each of its calls has its result.
    TurnEnded {
        /// Why the model stopped.
        stop: StopReason,
        /// The tokens of the request and the answer.
        usage: Usage,
    },
    /// The run has ended well.
    RunEnded {
        /// Why it ended.
        end: RunEnd,
    },
    /// The run could not continue.
    RunFailed {
        /// What happened, with its causes.
        error: String,
    },
    /// Something that this version does not know.
    #[serde(other)]
    Unknown,
}

impl EventKind {
    /// Whether it is a piece of an answer or progress, of which a consumer can miss some.
    pub(crate) fn is_piece(&self) -> bool {
        match self {
            Self::Text { .. }
            | Self::Thinking { .. }
            | Self::CallArguments { .. }
            | Self::CallProgress { .. } => true,
            Self::Nested { event, .. } => event.kind.is_piece(),
            _ => false,
        }
    }
}
