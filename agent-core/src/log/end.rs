//! Why a run ended.

use serde::{Deserialize, Serialize};

/// Why a run ended well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunEnd {
    /// The model had said all.
    Done,
    /// The model has answered as often as it may; the results of its last calls are in the
    /// transcript.
    MaxTurns,
    /// The last response ran into a limit on tokens; its calls were not run.
    Truncated,
    /// The model declined; its calls were not run.
    Refused,
    /// A filter of the provider cut the last response off; its calls were not run.
    Filtered,
    /// The run was [cancelled](crate::Run::cancel_on): each call has its result, and the run can be
    /// continued.
    Cancelled,
    /// The time of the [run](crate::Run::deadline) or of a
    /// [turn](crate::Limits::turn_timeout) was over; as if it had been cancelled.
    DeadlineExceeded,
    /// A reason this version does not know; the calls were not run.
    #[serde(untagged, with = "crate::transcript::other")]
    Other(String),
}
