//! The claims of a call, put together from its arguments.

use foldhash::fast::RandomState;
use std::collections::HashSet;

use crate::schedule::claim::{Claim, Mode, Place};
use crate::schedule::ledger::Ledger;
use crate::tool::key::{self, Key, KeyBudget, Keys};

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
///
/// How many keys a call can claim is [limited](Key).
#[derive(Debug)]
pub struct Claims {
    list: Vec<Claim>,
    /// The same by hash, once they are many.
    seen: Option<HashSet<Claim, RandomState>>,
    budget: KeyBudget,
    /// The resources whose keys a run-time tool claims, and whether these are paths.
    kinds: Vec<(Box<str>, bool)>,
}

/// So many claims are compared one by one: keys in one directory announce themselves there once.
const FEW: usize = 16;

impl Claims {
    pub(crate) const fn new() -> Self {
        Self { list: Vec::new(), seen: None, budget: KeyBudget::new(), kinds: Vec::new() }
    }

    /// The limit that the keys exceed, with the remedy, for the model: the call must not run.
    pub(crate) fn overflow(&self) -> Option<&'static str> {
        self.budget.exceeded()
    }

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
        self.kind::<K>(name);
        self.key(name, false, key);
    }

    /// It writes the part of a resource that this key names.
    pub fn write_key<K: Key + ?Sized>(&mut self, name: &str, key: &K) {
        self.resource(name, true, true);
        self.kind::<K>(name);
        self.key(name, true, key);
    }

    /// The resources whose keys it claims, and whether these are paths.
    pub(crate) fn kinds(&self) -> &[(Box<str>, bool)] {
        &self.kinds
    }

    /// Adds the claims of another list.
    pub(crate) fn append(&mut self, other: Self) {
        for Claim { place, mode } in other.list {
            self.add(place, mode);
        }
    }

    fn kind<K: Key + ?Sized>(&mut self, name: &str) {
        let is_same = |(known, paths): &(Box<str>, bool)| **known == *name && *paths == K::PATH;
        if !self.kinds.last().is_some_and(is_same) {
            self.kinds.push((name.into(), K::PATH));
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.list.iter()
    }

    /// Whether something of it is written.
    pub(crate) fn write_something(&self) -> bool {
        self.list.iter().any(|claim| claim.mode == Mode::Exclusive)
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
        let mut budget = std::mem::replace(&mut self.budget, KeyBudget::new());
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
        key.put(&mut Keys { resource, budget: &mut budget, put: &mut put });
        if budget.exceeded().is_some() {
            // The keys are not complete. The call is refused; until then it claims too much rather than
            // too little.
            self.add(Place::Node { id: resource, parent: 0 }, Mode::of(writes));
        }
        self.budget = budget;
    }

    pub(crate) fn add(&mut self, place: Place, mode: Mode) {
        let claim = Claim { place, mode };
        let list = &mut self.list;
        if list.is_empty() {
            list.reserve(8);
        }
        let is_new = if list.len() < FEW {
            !list.contains(&claim)
        } else {
            self.seen.get_or_insert_with(|| list.iter().copied().collect()).insert(claim)
        };
        if is_new {
            list.push(claim);
        }
    }
}

impl Default for Claims {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Vec<Claim>> for Claims {
    #[inline]
    fn from(list: Vec<Claim>) -> Self {
        Self { list, ..Self::new() }
    }
}

impl From<Claims> for Vec<Claim> {
    #[inline]
    fn from(claims: Claims) -> Self {
        claims.list
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn a_claim_is_made_once_also_among_many() {
        let mut claims = Claims::new();
        let paths: Vec<_> = (0..512).map(|n| PathBuf::from(format!("{}/{n}", n % 7))).collect();
        claims.write_key("file", &paths);
        let once = claims.list.len();
        claims.write_key("file", &paths);
        assert_eq!(claims.list.len(), once);
        // The run, the world, the resource, the working directory, 7 directories, the files.
        assert_eq!(once, 4 + 7 + 512);
        assert_eq!(claims.list.iter().collect::<HashSet<_>>().len(), once);
        assert_eq!(claims.overflow(), None);
    }

    #[test]
    fn the_keys_of_all_resources_count_and_a_call_with_too_many_claims_all() {
        let mut claims = Claims::new();
        for (resource, expected) in [("a", None), ("b", None), ("c", Some("too many keys"))] {
            claims.read_key(resource, &[0_u16; 512]);
            let overflow = claims.overflow().map(|text| &text[..13]);
            assert_eq!(overflow, expected, "{resource}");
        }
        let whole = |name| Place::Node { id: key::resource(name), parent: 0 };
        assert!(claims.list.contains(&Claim { place: whole("c"), mode: Mode::Shared }));
        assert!(!claims.list.contains(&Claim { place: whole("b"), mode: Mode::Shared }));
    }
}
