//! What one call touches, as the ledger knows it.

use std::any::TypeId;

/// A place in the ledger.
///
/// They form a tree: a key lies in its resource, and a resource in the world. Whoever claims a place
/// also announces itself in those around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// The run of the call that claims; it stands for [`Place::Run`] in the claims of a tool.
    OwnRun,
    /// The root of one run: reads without a name meet the writes of their own run here.
    Run(u64),
    /// All that lies outside the process.
    World,
    /// A resource, or a part of one, by its node and the one around it; 0 if that is the world.
    Node { id: u64, parent: u64 },
    /// A type of the state that was bound under this identity.
    State(usize, TypeId),
}

/// How a place is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// Something inside the place is read.
    ReadInside,
    /// Something inside the place is written.
    WriteInside,
    /// The place is read.
    Shared,
    /// The place is written.
    Exclusive,
}

impl Mode {
    pub(crate) const ALL: [Self; 4] =
        [Self::ReadInside, Self::WriteInside, Self::Shared, Self::Exclusive];

    pub(crate) fn conflicts_with(self, other: Self) -> bool {
        // What is inside is told apart there.
        matches!(
            (self, other),
            (Self::Exclusive, _)
                | (_, Self::Exclusive)
                | (Self::WriteInside, Self::Shared)
                | (Self::Shared, Self::WriteInside)
        )
    }

    pub(crate) fn inside(writes: bool) -> Self {
        if writes { Self::WriteInside } else { Self::ReadInside }
    }

    pub(crate) fn of(writes: bool) -> Self {
        if writes { Self::Exclusive } else { Self::Shared }
    }
}

/// A place and how a call claims it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Claim {
    pub(crate) place: Place,
    pub(crate) mode: Mode,
}

impl Claim {
    /// The claim of a tool as that of a call in this run.
    pub(crate) fn of_run(self, run: u64) -> Self {
        let place = if self.place == Place::OwnRun { Place::Run(run) } else { self.place };
        Self { place, ..self }
    }
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
        assert!(!Mode::Shared.conflicts_with(Mode::ReadInside));
        assert!(!Mode::WriteInside.conflicts_with(Mode::ReadInside));
        assert!(!Mode::WriteInside.conflicts_with(Mode::WriteInside));
        assert!(Mode::WriteInside.conflicts_with(Mode::Shared));
    }
}
