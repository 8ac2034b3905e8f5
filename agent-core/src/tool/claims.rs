//! The claims of a call, put together from its arguments.

use crate::schedule::claim::{Claim, Mode, Place};
use crate::schedule::ledger::Ledger;
use crate::tool::key::{self, Key, Keys};

/// What a tool touches outside of the state without naming it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum World {
    #[default]
    None,
    Read,
    Write,
}

/// What a call touches, put together from its arguments: for a [`DynamicTool`](crate::DynamicTool).
///
/// # Examples
///
/// ```
/// use agent_core::{Access, DynamicTool};
/// use serde_json::json;
/// use std::path::Path;
///
/// let schema = json!({"type": "object", "properties": {"path": {"type": "string"}}});
/// let touch = DynamicTool::new("touch", "Create a file.", schema, Access::Write, |arguments, _| async move {
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

    pub(crate) fn world(&mut self, world: World) {
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
    pub(crate) fn resource(&mut self, name: &str, writes: bool, keyed: bool) {
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

    pub(crate) fn add(&mut self, place: Place, mode: Mode) {
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

/// Admits calls of one run, and finishes each as soon as nothing is in its way: for the benches.
///
/// Returns how many were finished, which is all of them.
#[doc(hidden)]
#[must_use]
pub fn admit_and_finish(calls: &[Claims]) -> usize {
    let (mut ledger, mut free) = (Ledger::default(), Vec::with_capacity(calls.len()));
    for claims in calls {
        let (ticket, is_free) = ledger.admit(claims.iter().copied(), 0, || ());
        free.extend(is_free.then_some((ticket, ())));
    }
    let mut finished = 0;
    while let Some(&(ticket, ())) = free.get(finished) {
        ledger.finish(ticket, &mut free);
        finished += 1;
    }
    finished
}
