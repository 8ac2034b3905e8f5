//! What one call touches, as the ledger knows it.

use std::any::TypeId;

use super::World;
use crate::key::{self, Key, Keys};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    pub(super) fn inside(writes: bool) -> Self {
        if writes { Self::WriteInside } else { Self::ReadInside }
    }

    pub(super) fn of(writes: bool) -> Self {
        if writes { Self::Exclusive } else { Self::Shared }
    }
}

/// A place and how a call claims it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) place: Place,
    pub(crate) mode: Mode,
}

/// What a call touches, put together from its arguments: for a [`RuntimeTool`](crate::RuntimeTool).
///
/// # Examples
///
/// ```
/// use agent_core::{Access, RuntimeTool};
/// use serde_json::json;
/// use std::path::Path;
///
/// let schema = json!({"type": "object", "properties": {"path": {"type": "string"}}});
/// let touch = RuntimeTool::new("touch", schema, Access::Write, |arguments, _| async move {
///     std::fs::write(arguments["path"].as_str().unwrap_or_default(), "").map(|()| "done")
/// })
/// .claims(|arguments, claims| match arguments["path"].as_str() {
///     Some(path) => claims.write_key("file", Path::new(path)),
///     None => claims.write(),
/// });
/// # _ = touch;
/// ```
#[derive(Debug, Default)]
pub struct Claims(Vec<Claim>);

impl Claims {
    /// It reads what it does not name.
    pub fn read(&mut self) {
        self.world(World::Read);
    }

    /// It writes what it does not name.
    pub fn write(&mut self) {
        self.world(World::Write);
    }

    /// It reads a resource.
    pub fn read_resource(&mut self, name: &str) {
        self.resource(name, false, false);
    }

    /// It writes a resource.
    pub fn write_resource(&mut self, name: &str) {
        self.resource(name, true, false);
    }

    /// It reads the part of a resource that this key names.
    pub fn read_key<K: Key + ?Sized>(&mut self, name: &str, key: &K) {
        self.resource(name, false, true);
        self.key(name, false, key);
    }

    /// It writes the part of a resource that this key names.
    pub fn write_key<K: Key + ?Sized>(&mut self, name: &str, key: &K) {
        self.resource(name, true, true);
        self.key(name, true, key);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.0.iter()
    }

    /// Whether something of it is written.
    pub(crate) fn write_something(&self) -> bool {
        self.0.iter().any(|claim| claim.mode == Mode::Exclusive)
    }

    pub(super) fn world(&mut self, world: World) {
        match world {
            World::None => {}
            World::Read => self.add(Place::OwnRun, Mode::Shared),
            World::Write => {
                self.add(Place::OwnRun, Mode::WriteInside);
                self.add(Place::World, Mode::Exclusive);
            }
        }
    }

    /// Claims a resource, or announces keys of it.
    pub(super) fn resource(&mut self, name: &str, writes: bool, keyed: bool) {
        if writes {
            self.add(Place::OwnRun, Mode::WriteInside);
        }
        self.add(Place::World, Mode::inside(writes));
        let mode = if keyed { Mode::inside(writes) } else { Mode::of(writes) };
        self.add(Place::Node { id: key::resource(name), parent: 0 }, mode);
    }

    /// Claims what a key names, under a resource where it has been announced.
    pub(crate) fn key<K: Key + ?Sized>(&mut self, name: &str, writes: bool, key: &K) {
        let resource = key::resource(name);
        let mut put = |mut chain: key::Chain| {
            let Some(last) = chain.pop() else {
                return self.add(Place::Node { id: resource, parent: 0 }, Mode::of(writes));
            };
            let mut parent = resource;
            for id in chain {
                self.add(Place::Node { id, parent }, Mode::inside(writes));
                parent = id;
            }
            self.add(Place::Node { id: last, parent }, Mode::of(writes));
        };
        key.put(&mut Keys { resource, put: &mut put });
    }

    pub(super) fn add(&mut self, place: Place, mode: Mode) {
        let claim = Claim { place, mode };
        if self.0.is_empty() {
            self.0.reserve(8);
        }
        // Two keys in one directory announce themselves there once.
        if !self.0.iter().rev().take(16).any(|other| *other == claim) {
            self.0.push(claim);
        }
    }
}

impl From<Vec<Claim>> for Claims {
    #[inline]
    fn from(claims: Vec<Claim>) -> Self {
        Self(claims)
    }
}

impl From<Claims> for Vec<Claim> {
    #[inline]
    fn from(Claims(claims): Claims) -> Self {
        claims
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
