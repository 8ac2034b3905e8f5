//! What a run tells whoever watches it.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::log::end::RunEnd;
use crate::log::step::Step;
use crate::model::Delta;
use crate::transcript::label::label;
use crate::transcript::{StopReason, ToolResult, Usage};

/// Something that happens in a run.
///
/// A run is a row of turns, each from [`TurnStarted`](Self::TurnStarted) to
/// [`TurnEnded`](Self::TurnEnded), which is missing where the model did not answer, or with more than
/// [`Limits::response_bytes`](crate::Limits::response_bytes). One of [`RunEnded`](Self::RunEnded) and
/// [`RunFailed`](Self::RunFailed) is the last event.
///
/// Within a turn come first the pieces of the model's answer, in its order. A call is announced and
/// written, may need somebody's approval, starts, may tell of its progress, and ends; one that never starts
/// only ends, as does one whose result was there from an answer that failed. A call of an answer that was
/// cut off may not be written, and one of an answer that did not come to its end has no end if it did not
/// start. Calls start and end when they do, and those that are safe while the answer is still coming.
/// [`TurnRestarted`](Self::TurnRestarted) voids all that was told of the turn so far.
///
/// Calls are numbered from 1 in each turn. New kinds of events may come: ignore those that you do not
/// know. Each is an object with a `type`, to be sent on as it is:
///
/// ```
/// use agent_core::Event;
///
/// let event = Event::Text { text: "Hello".into() };
/// assert_eq!(serde_json::to_string(&event).unwrap(), r#"{"type":"text","text":"Hello"}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The model is asked.
    TurnStarted {
        /// The number of the turn, from 1.
        turn: u32,
    },
    /// The model writes more of its text.
    Text {
        /// What comes next of it.
        text: String,
    },
    /// The model writes more of its visible reasoning.
    Thinking {
        /// What comes next of it.
        text: String,
    },
    /// The model begins to write a call.
    CallAnnounced {
        /// The call's number.
        number: usize,
        /// The tool's name, as the model wrote it.
        name: Arc<str>,
    },
    /// The model writes more of the arguments of the call that was announced last.
    CallArguments {
        /// The call's number.
        number: usize,
        /// What comes next of their JSON.
        text: String,
    },
    /// The model has written a call; what it waits for now is the end of the answer, another call, a slot
    /// or somebody's leave.
    CallWritten {
        /// The call's number.
        number: usize,
        /// The tool's name with the beginning of its arguments, for people: `read(a.md)`.
        label: String,
    },
    /// Whoever [approves](crate::Agent::approve) is asked whether a call may run. If so, it starts; if
    /// not, it ends.
    ApprovalRequested {
        /// The call's number.
        number: usize,
    },
    /// The tool of a call begins to run.
    CallStarted {
        /// The call's number.
        number: usize,
        /// The tool's name with the beginning of its arguments, for people: `read(a.md)`.
        label: String,
        /// The tool's name.
        name: Arc<str>,
        /// The JSON of its arguments.
        arguments: Arc<str>,
    },
    /// A call says how far it is, with [`ToolContext::progress`](crate::ToolContext::progress).
    CallProgress {
        /// The call's number.
        number: usize,
        /// What it says.
        text: String,
    },
    /// A call has its result. Where all results of a response are too large together, the model reads
    /// less of it.
    CallEnded {
        /// The call's number.
        number: usize,
        /// How the call ended, and what the model will read of it, if its answer comes to its end.
        result: ToolResult,
    },
    /// The model did not answer and is asked again, after some time: what was told of this turn is void.
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
    /// The run could not go on.
    RunFailed {
        /// What happened, with its causes.
        error: String,
    },
    /// Something that this version does not know.
    #[serde(other)]
    Unknown,
}

impl Event {
    /// What a step looks like from outside; the times of a run are in its
    /// [`Timeline`](crate::Timeline).
    pub(crate) fn of(step: &Step<'_>) -> Option<Self> {
        Some(match *step {
            Step::TurnStarted { turn, .. } => Self::TurnStarted { turn },
            Step::Told { calls, delta } => match delta {
                Delta::Text(text) => Self::Text { text: text.to_owned() },
                Delta::Thinking(text) => Self::Thinking { text: text.to_owned() },
                Delta::Call { name, .. } => {
                    Self::CallAnnounced { number: calls, name: name.into() }
                }
                Delta::Arguments(text) => {
                    Self::CallArguments { number: calls, text: text.to_owned() }
                }
                Delta::CallDone(call) => {
                    Self::CallWritten { number: calls, label: label(call.name(), call.arguments()) }
                }
            },
            Step::ApprovalRequested { index } => Self::ApprovalRequested { number: index + 1 },
            Step::CallStarted { index, call } => {
                let (name, arguments) = (call.shared_name(), call.shared_arguments().alone());
                let label = label(&name, &arguments);
                Self::CallStarted { number: index + 1, label, name, arguments }
            }
            Step::Progress { index, text } => {
                Self::CallProgress { number: index + 1, text: text.to_owned() }
            }
            Step::CallEnded { index, result } => {
                Self::CallEnded { number: index + 1, result: result.clone() }
            }
            Step::TurnRestarted { error } => Self::TurnRestarted { error: format!("{error:?}") },
            Step::TurnEnded { response } => {
                Self::TurnEnded { stop: response.stop_reason().clone(), usage: response.usage() }
            }
            Step::Answered { .. } | Step::CallCounted(_) => return None,
        })
    }
}
