//! A call that is over.

use std::error::Error;
use std::sync::Arc;

use crate::log::waited_for::WaitedFor;
use crate::schema::Access;
use crate::sync::Instant;
use crate::transcript::{ToolCall, ToolResult};

/// How a call went, for its record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summary {
    pub(super) access: Option<Access>,
    pub(super) queued: Instant,
    pub(super) started: Option<Instant>,
    pub(super) ended: Instant,
    pub(super) waited_for: Option<WaitedFor>,
    pub(super) follows: Option<usize>,
}

/// A call that has its result before its response has ended.
pub(super) struct Over {
    pub(super) result: ToolResult,
    pub(super) summary: Summary,
    /// The error that ends the run, if the tool returned one.
    pub(super) fatal: Option<Arc<dyn Error + Send + Sync>>,
}

impl Over {
    /// The same for a call with the same tool and arguments, whose id is another.
    pub(super) fn of(mut self, call: &ToolCall) -> Self {
        self.result = self.result.of(call);
        self
    }
}
