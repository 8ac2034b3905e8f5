//! Which earlier call each call conflicts with, where calls run one by one and none waits in the ledger.

use std::collections::HashMap;
use std::time::Duration;

use crate::schedule::claim::{Claim, Mode, Place};

/// For each place and mode the call whose chain of conflicts ended last.
#[derive(Default)]
pub(super) struct Follows {
    places: HashMap<Place, [Option<ConflictChain>; Mode::ALL.len()]>,
    /// The call that runs: its claims, and how long the chain before it took.
    running: Option<(usize, Vec<Claim>, Duration)>,
}

#[derive(Clone, Copy)]
struct ConflictChain {
    last: usize,
    took: Duration,
}

impl Follows {
    /// The earlier call that this one has to follow: of those in conflict with it, the one whose chain took
    /// longest.
    pub(super) fn admit(
        &mut self,
        index: usize,
        claims: impl Iterator<Item = Claim>,
    ) -> Option<usize> {
        let claims: Vec<_> = claims.collect();
        let chains = claims.iter().filter_map(|claim| {
            let modes = self.places.get(&claim.place)?;
            let pairs = Mode::ALL.into_iter().zip(modes);
            let met = pairs.filter(|(mode, _)| mode.conflicts_with(claim.mode));
            met.filter_map(|(_, chain)| *chain).max_by_key(|chain| chain.took)
        });
        let longest = chains.max_by_key(|chain| chain.took);
        let took = longest.map_or(Duration::ZERO, |chain| chain.took);
        self.running = Some((index, claims, took));
        longest.map(|chain| chain.last)
    }

    /// The call that was admitted last has ended.
    pub(super) fn end(&mut self, index: usize, ran: Duration) {
        let Some((_, claims, before)) = self.running.take_if(|(running, ..)| *running == index)
        else {
            return;
        };
        let chain = ConflictChain { last: index, took: before + ran };
        for Claim { place, mode } in claims {
            let modes = self.places.entry(place).or_default();
            let slot = Mode::ALL.into_iter().zip(modes).find(|(its, _)| *its == mode);
            if let Some((_, slot)) = slot
                && slot.is_none_or(|other| other.took <= chain.took)
            {
                *slot = Some(chain);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_follows_the_longest_chain_that_it_conflicts_with() {
        let second = Duration::from_secs(1);
        let place = |id| Place::Node { id, parent: 0 };
        let write = |id| std::iter::once(Claim { place: place(id), mode: Mode::Exclusive });
        let read = |id| Claim { place: place(id), mode: Mode::Shared };
        let mut follows = Follows::default();
        let mut run = |index, claims: Vec<Claim>, ran| {
            let earlier = follows.admit(index, claims.into_iter());
            follows.end(index, ran);
            earlier
        };
        assert_eq!(run(0, write(1).collect(), second), None);
        assert_eq!(run(1, write(2).collect(), 3 * second), None);
        assert_eq!(run(2, vec![read(1)], second), Some(0));
        assert_eq!(run(3, vec![read(1)], 4 * second), Some(0));
        assert_eq!(run(4, vec![read(1), read(2)], second), Some(1));
        assert_eq!(run(5, write(1).collect(), second), Some(3));
    }
}
