//! What a call may use that runs within another one.

use crate::schedule::claim::{Claim, Mode, Place};

/// Whether a call that holds some claims may run, within it, a call that wants others.
///
/// State is never lent on: the outer call holds a guard of it, and the inner call would wait for that.
pub(crate) fn covers(held: &[Claim], wanted: &[Claim]) -> bool {
    let announced = |mode| matches!(mode, Mode::ReadInside | Mode::WriteInside);
    let mut wanted_places = wanted.iter().filter(|claim| !announced(claim.mode));
    wanted_places.all(|claim| around(*claim, wanted).any(|claim| holds(held, claim)))
}

/// The claims of which each includes this one: of its place, or of a place around it.
fn around(claim: Claim, all: &[Claim]) -> impl Iterator<Item = Claim> {
    std::iter::successors(Some(claim), move |Claim { place, mode }| {
        let Place::Node { parent, .. } = place else { return None };
        let is_parent =
            |claim: &&Claim| matches!(claim.place, Place::Node { id, .. } if id == *parent);
        // A place around it is announced; a resource lies in the world.
        let place = all.iter().find(is_parent).map_or(Place::World, |claim| claim.place);
        Some(Claim { place, mode: *mode })
    })
}

fn holds(held: &[Claim], wanted: Claim) -> bool {
    let writes = |claim: &Claim| claim.mode == Mode::Exclusive;
    let has = |place: Place| {
        held.iter().any(|claim| {
            claim.place == place
                && (writes(claim) || (claim.mode == Mode::Shared && !writes(&wanted)))
        })
    };
    // A claim without a name reads all.
    let reads_all = || {
        held.iter().any(|claim| match claim.place {
            Place::Run(_) => claim.mode == Mode::Shared,
            place => place == Place::World && writes(claim),
        })
    };
    match wanted.place {
        Place::State(..) => false,
        Place::OwnRun | Place::Run(_) => reads_all(),
        Place::World => has(Place::World) || (!writes(&wanted) && reads_all()),
        Place::Node { .. } => has(wanted.place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::access::{Lent, Resource, claims};
    use crate::tool::claims::{Claims, World};
    use std::path::Path;

    fn keyed(writes: bool, path: &str) -> Vec<Claim> {
        let mut claims = Claims::default();
        let path = Path::new(path);
        if writes {
            claims.write_key("file", path);
        } else {
            claims.read_key("file", path);
        }
        claims.into()
    }

    fn world(world: World) -> Vec<Claim> {
        let mut claims = claims(world, &[], &[], 0).into_vec();
        claims.iter_mut().filter(|claim| claim.place == Place::OwnRun).for_each(|claim| {
            claim.place = Place::Run(1);
        });
        claims
    }

    fn whole(resource: Resource) -> Vec<Claim> {
        claims(World::None, &[resource], &[], 0).into_vec()
    }

    #[test]
    fn what_a_call_declares_it_may_have_done_within() {
        let write = world(World::Write);
        for inner in [
            write.clone(),
            world(World::Read),
            keyed(true, "a"),
            keyed(false, "a"),
            whole(Resource::write("file")),
            Vec::new(),
        ] {
            assert!(covers(&write, &inner), "{inner:?}");
        }
        let read = world(World::Read);
        for inner in [read.clone(), keyed(false, "a"), whole(Resource::read("file"))] {
            assert!(covers(&read, &inner), "{inner:?}");
        }
        for inner in [write.clone(), keyed(true, "a"), whole(Resource::write("file"))] {
            assert!(!covers(&read, &inner), "{inner:?}");
            assert!(!covers(&[], &inner), "{inner:?}");
        }
        assert!(covers(&[], &[]));
    }

    #[test]
    fn a_key_covers_what_lies_in_it() {
        let dir = keyed(true, "a");
        assert!(covers(&dir, &keyed(true, "a/x")) && covers(&dir, &keyed(false, "a/x/y")));
        assert!(covers(&dir, &keyed(true, "a")));
        assert!(!covers(&dir, &keyed(true, "b")) && !covers(&dir, &keyed(true, ".")));
        assert!(!covers(&dir, &whole(Resource::read("file"))));
        assert!(!covers(&keyed(false, "a"), &keyed(true, "a/x")));
        assert!(covers(&whole(Resource::write("file")), &keyed(true, "a/x")));
        assert!(!covers(&whole(Resource::write("other")), &keyed(true, "a/x")));
        let both = [keyed(true, "a/x"), keyed(true, "b/y")].concat();
        assert!(!covers(&dir, &both) && covers(&[keyed(true, "b"), dir].concat(), &both));
    }

    #[test]
    fn state_is_never_lent_on() {
        let lent = [Lent::shared::<crate::Lock<u8>, u8>()];
        let state = claims(World::None, &[], &lent, 7).into_vec();
        assert!(!covers(&state, &state));
    }
}
