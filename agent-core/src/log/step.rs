//! The steps of a run: what its bodies emit, and what events and the timeline are folded from.

use std::time::Duration;

use crate::error::ModelError;
use crate::log::event::Event;
use crate::log::waited_for::WaitedFor;
use crate::model::Delta;
use crate::schema::Access;
use crate::transcript::{CallStatus, Response, ToolCall, ToolResult, Usage};

/// Takes the steps of a run.
pub(crate) type Emit<'a> = dyn FnMut(&Step<'_>) + Send + 'a;

/// A step of a run, as it happens. Times count from the run's start.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'a> {
    /// The model is asked.
    TurnStarted { turn: u32, at: Duration },
    /// The model emits a piece of its answer; `calls` is the number of the call that it belongs to, if
    /// it belongs to one.
    Delta { calls: usize, delta: Delta<'a> },
    /// The model did not answer, and is asked again.
    TurnRestarted { error: &'a ModelError },
    /// The model has answered; without a response, the turn has ended without one.
    Answered { at: Duration, response: Option<&'a Response> },
    /// The approver is asked whether a call may run.
    ApprovalRequested { index: usize, call: &'a ToolCall },
    /// A call's body begins.
    CallStarted { index: usize, call: &'a ToolCall },
    /// A call reports its progress.
    CallProgress { index: usize, call: &'a ToolCall, text: &'a str },
    /// Something happens in a run within a call.
    Nested { index: usize, call: &'a ToolCall, event: &'a Event },
    /// A call has its result, which counts if its response does.
    CallEnded { index: usize, call: &'a ToolCall, result: &'a ToolResult },
    /// A call has its result, and the result counts.
    CallRecorded(CallRecord),
    /// Runs within the calls of a response have used these tokens.
    NestedUsage { usage: Usage },
    /// All calls of a response have their results.
    TurnEnded { response: &'a Response },
}

/// A call in the record of a run; its id, name and arguments are in the transcript.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallRecord {
    pub(crate) turn: u32,
    /// Its position in the response, from 0.
    pub(crate) index: usize,
    /// What the tool declares; `None` if the call fits no tool.
    pub(crate) access: Option<Access>,
    pub(crate) status: CallStatus,
    pub(crate) queued: Duration,
    pub(crate) started: Option<Duration>,
    pub(crate) ended: Duration,
    /// The last thing it waited for.
    pub(crate) waited_for: Option<WaitedFor>,
    /// The position of the earlier call of its response that it conflicts with and had to follow, also
    /// where a slot or `ParallelToolCalls::Never` was the last thing it waited for.
    pub(crate) follows: Option<usize>,
}
