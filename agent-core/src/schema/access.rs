//! The access that a tool declares.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a tool declares to touch: the strongest of its claims.
///
/// A call waits for the earlier unfinished calls of its run that it conflicts with: a write
/// conflicts with everything but `pure`, and everything but `pure` with a write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Access {
    /// It touches nothing but its arguments, and the state that it borrows by `&T`.
    Pure,
    /// It reads.
    Read,
    /// It writes, also if that is state alone. The default: what is not known may write.
    #[default]
    Write,
}

impl Access {
    /// Whether a call that was stopped may have changed something.
    #[must_use]
    pub fn may_write(self) -> bool {
        matches!(self, Self::Write)
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pure => "pure",
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}
