//! What a tool touches, and so what may run beside it.

mod claim;

pub use claim::Claims;
pub(crate) use claim::{Claim, Mode, Place};

use serde::{Deserialize, Serialize};
use std::any::TypeId;
use std::fmt;

use crate::key::Key;
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

/// What a tool touches outside of the state without naming it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum World {
    None,
    /// What says nothing is taken to read.
    #[default]
    Read,
    Write,
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

/// A resource that a tool touches: by its name alone, or a part of it that a key names.
#[derive(Debug, Clone, Copy)]
pub struct Resource {
    pub(crate) name: &'static str,
    pub(crate) writes: bool,
    /// Whether its keys are paths; `None` if the tool touches all of it.
    pub(crate) paths: Option<bool>,
}

impl Resource {
    /// `read("orders")`
    #[must_use]
    pub const fn read(name: &'static str) -> Self {
        Self { name, writes: false, paths: None }
    }

    /// `write("orders")`
    #[must_use]
    pub const fn write(name: &'static str) -> Self {
        Self { name, writes: true, paths: None }
    }

    /// `read(order = id)`; the function computes the key.
    #[must_use]
    pub const fn read_key<A, K: Key>(name: &'static str, _: fn(A) -> K) -> Self {
        Self { name, writes: false, paths: Some(K::PATH) }
    }

    /// `write(order = id)`; the function computes the key.
    #[must_use]
    pub const fn write_key<A, K: Key>(name: &'static str, _: fn(A) -> K) -> Self {
        Self { name, writes: true, paths: Some(K::PATH) }
    }
}

/// The claims of all calls of a tool that is bound to the state with this identity; a call adds
/// those of its keys.
pub(crate) fn claims(
    world: World,
    resources: &[Resource],
    lent: &[Lent],
    state: usize,
) -> Box<[Claim]> {
    let mut claims = Claims::default();
    claims.world(world);
    for Resource { name, writes, paths } in resources {
        claims.resource(name, *writes, paths.is_some());
    }
    for lent in lent.iter().filter(|lent| lent.locked) {
        claims.add(Place::State(state, (lent.state)()), Mode::of(lent.exclusive));
    }
    Vec::from(claims).into()
}
