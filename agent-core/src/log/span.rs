//! The times of a turn and of a call.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

use crate::log::seconds;
use crate::log::step::CallRecord;
use crate::log::waited_for::WaitedFor;
use crate::schema::Access;
use crate::transcript::label::label;
use crate::transcript::{CallStatus, SharedText, ToolCall};

/// The time that the model took for a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TurnSpan {
    /// When it was asked.
    #[serde(with = "seconds")]
    pub started: Duration,
    /// When it had answered.
    #[serde(with = "seconds")]
    pub ended: Duration,
    /// How often it was asked, until it answered.
    pub attempts: u32,
}

impl TurnSpan {
    /// How long the model took.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.ended.saturating_sub(self.started)
    }
}

/// A call, from its place in the queue to its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CallSpan {
    /// The turn of its response, from 1.
    pub turn: u32,
    /// Its position in the response, from 1.
    pub number: usize,
    /// Its id in the transcript.
    pub id: Arc<str>,
    /// The tool's name, as the model wrote it.
    pub name: Arc<str>,
    arguments: SharedText,
    /// What the tool declares to touch; `None` if there is no such tool.
    pub access: Option<Access>,
    /// How it ended.
    pub status: CallStatus,
    /// When it was queued, in model order.
    #[serde(with = "seconds")]
    pub queued: Duration,
    /// When its body began; `None` if it never did.
    #[serde(default, with = "seconds::option", skip_serializing_if = "Option::is_none")]
    pub started: Option<Duration>,
    /// When it ended.
    #[serde(with = "seconds")]
    pub ended: Duration,
    /// How long before the end of its response its body began; zero if it began after it.
    #[serde(with = "seconds")]
    pub head_start: Duration,
    /// The last thing it waited for, if it had to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited_for: Option<WaitedFor>,
    /// The number of the earlier call of its response that it conflicts with and had to follow, whatever
    /// it waited for last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<usize>,
}

impl CallSpan {
    /// A recorded call of a response, which took the time of `turn`.
    pub(crate) fn new(call: &ToolCall, record: &CallRecord, turn: &TurnSpan) -> Self {
        let head_start = record.started.map(|started| turn.ended.saturating_sub(started));
        Self {
            turn: record.turn,
            number: record.index + 1,
            id: call.shared_id(),
            name: call.shared_name(),
            arguments: call.shared_arguments(),
            access: record.access,
            status: record.status,
            queued: record.queued,
            started: record.started,
            ended: record.ended,
            head_start: head_start.unwrap_or_default(),
            waited_for: record.waited_for,
            follows: record.follows.map(|index| index + 1),
        }
    }

    /// The name with the beginning of its arguments, such as `read(a.md)`.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.name, &self.arguments)
    }

    /// The JSON text of its arguments, as the model wrote it.
    #[must_use]
    pub fn arguments(&self) -> &str {
        &self.arguments
    }

    /// How long its body ran.
    #[must_use]
    pub fn ran(&self) -> Duration {
        self.started.map_or(Duration::ZERO, |started| self.ended.saturating_sub(started))
    }

    /// How long it waited until its body began, or until it was answered without.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.started.unwrap_or(self.ended).saturating_sub(self.queued)
    }
}
