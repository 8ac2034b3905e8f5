//! Whether the keys of each resource are paths or plain values: the two would never meet.

use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::Arc;

/// How many kinds are kept that calls of run-time tools noted, where no unfinished call claims the
/// resource. Such a tool can make names of resources out of a model's arguments.
const NOTED: usize = 1_024;

/// A tool that uses keys of a resource.
#[derive(Debug, Clone)]
pub(crate) struct KeyUse {
    /// The node of the resource.
    pub(crate) resource: u64,
    /// Whether they are paths.
    pub(crate) paths: bool,
    pub(crate) tool: Arc<str>,
}

/// Two tools use keys of one resource that are of two kinds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MixedKeys {
    /// The position of the use that was refused.
    pub(crate) at: usize,
    pub(crate) paths: Arc<str>,
    pub(crate) values: Arc<str>,
}

/// The kind of each resource's keys, as far as tools declared it or calls noted it.
#[derive(Default)]
pub(super) struct KeyKinds {
    known: HashMap<u64, KnownKind, RandomState>,
    /// How many of them no tool declared.
    noted: usize,
}

struct KnownKind {
    paths: bool,
    /// The first tool that used it.
    tool: Arc<str>,
    /// Whether a tool declared it, so that it stays.
    declared: bool,
}

impl KeyKinds {
    /// Adds all these uses, or none where one of them is of the other kind than is known.
    pub(super) fn add(&mut self, uses: &[KeyUse], declared: bool) -> Result<(), MixedKeys> {
        let mut added = Vec::new();
        for (at, KeyUse { resource, paths, tool }) in uses.iter().enumerate() {
            match self.known.entry(*resource) {
                Slot::Vacant(slot) => {
                    slot.insert(KnownKind { paths: *paths, tool: tool.clone(), declared });
                    self.noted += usize::from(!declared);
                    added.push(*resource);
                }
                Slot::Occupied(known) if known.get().paths == *paths => {}
                Slot::Occupied(known) => {
                    let other = known.get().tool.clone();
                    for resource in added {
                        self.known.remove(&resource);
                        self.noted -= usize::from(!declared);
                    }
                    let (tool, paths) = (tool.clone(), *paths);
                    let (paths, values) = if paths { (tool, other) } else { (other, tool) };
                    return Err(MixedKeys { at, paths, values });
                }
            }
        }
        if declared {
            self.keep(uses);
        }
        Ok(())
    }

    fn keep(&mut self, uses: &[KeyUse]) {
        for used in uses {
            if let Some(known) = self.known.get_mut(&used.resource).filter(|known| !known.declared)
            {
                known.declared = true;
                self.noted -= 1;
            }
        }
    }

    /// Forgets noted kinds of resources that are not in use, once they are many.
    ///
    /// A call that noted its kind and is not admitted yet can lose it here. Only a program with so
    /// many names of resources, two kinds for one of them, and two calls at this point at the same
    /// time would see that.
    pub(super) fn forget_idle(&mut self, in_use: impl Fn(u64) -> bool) {
        if self.noted < NOTED {
            return;
        }
        self.known.retain(|resource, kind| kind.declared || in_use(*resource));
        self.noted = self.known.values().filter(|kind| !kind.declared).count();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(resource: u64, paths: bool, tool: &str) -> KeyUse {
        KeyUse { resource, paths, tool: tool.into() }
    }

    #[test]
    fn a_resource_has_one_kind_and_a_refused_tool_leaves_none() {
        let mut kinds = KeyKinds::default();
        kinds.add(&[used(1, true, "read"), used(2, false, "order")], true).unwrap();
        kinds.add(&[used(1, true, "write")], true).unwrap();
        let mixed = kinds.add(&[used(3, false, "count"), used(1, false, "count")], true);
        let expected = MixedKeys { at: 1, paths: "read".into(), values: "count".into() };
        assert_eq!(mixed, Err(expected));
        kinds.add(&[used(3, true, "list")], true).unwrap();
        let mixed = kinds.add(&[used(4, true, "x"), used(4, false, "y")], false).unwrap_err();
        assert_eq!((mixed.at, &*mixed.paths, &*mixed.values), (1, "x", "y"));
        assert_eq!((kinds.len(), kinds.noted), (3, 0));
    }

    #[test]
    fn noted_kinds_are_forgotten_where_they_are_many_and_idle() {
        let mut kinds = KeyKinds::default();
        kinds.add(&[used(0, true, "declared")], true).unwrap();
        for resource in 1..10_000 {
            kinds.forget_idle(|resource| resource == 7);
            kinds.add(&[used(resource, true, "noted")], false).unwrap();
        }
        assert!(kinds.len() <= NOTED + 1, "{}", kinds.len());
        kinds.add(&[used(0, false, "x")], false).unwrap_err();
        kinds.add(&[used(7, false, "x")], false).unwrap_err();
        kinds.add(&[used(8, false, "x")], false).unwrap();
        // One that is declared later stays from then on.
        kinds.add(&[used(8, false, "later")], true).unwrap();
        for resource in 10_000..20_000 {
            kinds.forget_idle(|_| false);
            kinds.add(&[used(resource, true, "noted")], false).unwrap();
        }
        kinds.add(&[used(8, true, "x")], false).unwrap_err();
    }
}
