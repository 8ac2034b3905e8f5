//! What a tool touches, and so what may run beside it.

use serde::{Deserialize, Serialize};
use std::{any::TypeId, fmt};

use crate::state::{Kind, Lend, LendMut};

/// What a tool declares to touch outside the application's state.
///
/// A call waits for the earlier unfinished calls of its run that it conflicts with: a write with
/// everything but `pure`, everything but `pure` with a write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Access {
    /// Nothing was declared; taken to read, and of a run-time tool to write.
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
    /// Whether a call that did not end may have changed something.
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

/// One borrow of a tool from the application's state.
#[derive(Debug, Clone, Copy)]
pub struct Lent {
    locked: bool,
    exclusive: bool,
    // A function, because `TypeId::of` is const only since Rust 1.91.
    state: fn() -> TypeId,
}

impl Lent {
    /// A `&T` parameter.
    #[must_use]
    pub const fn shared<S: Lend<T>, T: ?Sized + 'static>() -> Self {
        let locked = matches!(S::KIND, Kind::Locked);
        Self { locked, exclusive: false, state: TypeId::of::<T> }
    }

    /// A `&mut T` parameter.
    #[must_use]
    pub const fn exclusive<S: LendMut<T>, T: ?Sized + 'static>() -> Self {
        Self { locked: true, exclusive: true, state: TypeId::of::<T> }
    }
}

/// A place in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// The run of the call that claims; it stands for [`Place::Run`] in the claims of a tool.
    OwnRun,
    /// The root of one run: reads without a name meet the writes of their own run here.
    Run(u64),
    /// All that lies outside the process.
    World,
    /// A type of the state that was bound under this identity.
    State(usize, TypeId),
}

/// How a place is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Something inside the place is written.
    Inside,
    /// The place is read.
    Shared,
    /// The place is written.
    Exclusive,
}

impl Mode {
    pub(crate) const ALL: [Self; 3] = [Self::Inside, Self::Shared, Self::Exclusive];

    pub(crate) fn conflicts_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Exclusive, _) | (_, Self::Exclusive) => true,
            (one, other) => one != other,
        }
    }
}

/// A place and how a call claims it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) place: Place,
    pub(crate) mode: Mode,
}

/// The claims of all calls of a tool that is bound to the state with this identity.
pub(crate) fn claims(access: Access, lent: &[Lent], state: usize) -> Box<[Claim]> {
    let claim = |place, mode| Claim { place, mode };
    let world: &[Claim] = match access {
        Access::Pure => &[],
        Access::Undeclared | Access::Read => &[claim(Place::OwnRun, Mode::Shared)],
        Access::Write => {
            &[claim(Place::OwnRun, Mode::Inside), claim(Place::World, Mode::Exclusive)]
        }
    };
    let lent = lent.iter().filter(|lent| lent.locked).map(|lent| {
        let mode = if lent.exclusive { Mode::Exclusive } else { Mode::Shared };
        claim(Place::State(state, (lent.state)()), mode)
    });
    world.iter().copied().chain(lent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_are_mutual_and_reads_go_together() {
        for a in Mode::ALL {
            for b in Mode::ALL {
                assert_eq!(a.conflicts_with(b), b.conflicts_with(a));
            }
        }
        assert!(!Mode::Shared.conflicts_with(Mode::Shared));
        assert!(!Mode::Inside.conflicts_with(Mode::Inside));
        assert!(Mode::Inside.conflicts_with(Mode::Shared));
    }
}
