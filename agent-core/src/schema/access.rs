//! The access that a tool declares.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a tool declares to touch outside the application's state.
///
/// A call waits for the earlier unfinished calls of its run that it conflicts with: a write
/// conflicts with everything but `pure`, and everything but `pure` with a write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Access {
    /// Nothing was declared: a function counts as a read, a dynamic tool as a write.
    #[default]
    Undeclared,
    /// It touches nothing shared.
    Pure,
    /// It reads.
    Read,
    /// It writes.
    Write,
}

impl Access {
    /// Whether a call that was stopped may have changed something.
    #[must_use]
    pub fn may_write(self) -> bool {
        matches!(self, Self::Undeclared | Self::Write)
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Undeclared => "undeclared",
            Self::Pure => "pure",
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}
