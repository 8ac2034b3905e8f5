//! What a call waited for.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a call waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WaitedFor {
    /// The call with this number in the same response.
    Call(usize),
    /// A call of an earlier turn that had not yet released its claims.
    Earlier {
        /// Its turn, from 1.
        turn: u32,
        /// Its number in that turn's response.
        number: usize,
    },
    /// A call of an earlier answer to the same turn, which failed; the call had not yet released its
    /// claims.
    FailedAnswer,
    /// A call of another run on the same toolset.
    OtherRun,
    /// A slot: the agent runs no more calls at the same time
    /// ([`Agent::concurrency`](crate::Agent::concurrency)).
    Slot,
    /// A slot of its tool, of which no more calls run at the same time.
    ToolSlot,
    /// The decision of the approver ([`Agent::approve`](crate::Agent::approve)).
    Approval,
}

impl fmt::Display for WaitedFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(number) => write!(f, "#{number}"),
            Self::Earlier { turn, number } => write!(f, "#{number} of turn {turn}"),
            Self::FailedAnswer => f.write_str("a call of an answer that failed"),
            Self::OtherRun => f.write_str("another run"),
            Self::Slot => f.write_str("a slot"),
            Self::ToolSlot => f.write_str("a slot of its tool"),
            Self::Approval => f.write_str("approval"),
        }
    }
}
