//! Who may run now: a pure state machine, without I/O and without a clock.
//!
//! No edges between calls are stored. Each place keeps, for each mode, its unfinished tickets in
//! ticket order; a ticket is free at a place when no older one stands in a conflicting lane. As the
//! fronts of lanes only move forward, each entry is pushed and popped once: the work is linear in
//! the number of claims.

mod slab;

use smallvec::SmallVec;
use std::collections::{HashMap, VecDeque};

use crate::access::{Claim, Mode, Place};
use slab::Slab;

/// Orders calls by their claims; `P` is whatever waits for its turn.
pub(crate) struct Ledger<P> {
    next: u64,
    /// Where each claimed place stands in `places`.
    index: HashMap<Place, usize>,
    /// The place that was claimed last: the calls of a response mostly claim the same.
    recent: Option<(Place, usize)>,
    places: Slab<Lanes>,
    entries: Slab<Entry<P>>,
}

/// An admitted call, until it is finished. Older tickets are smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket {
    age: u64,
    at: usize,
}

struct Entry<P> {
    ticket: Ticket,
    /// The lanes in which it stands: the position of the place, and the mode.
    holds: SmallVec<[(usize, Mode); 2]>,
    /// In how many of them it is not free yet.
    blocked: usize,
    parked: Option<P>,
}

/// The unfinished tickets of a place.
struct Lanes {
    place: Place,
    lanes: [Lane; Mode::ALL.len()],
}

#[derive(Default)]
struct Lane {
    /// In ticket order; a finished one stays until it comes to the front.
    unfinished: VecDeque<Ticket>,
    /// Those of them that are not free here yet.
    waiting: VecDeque<Ticket>,
}

impl Lanes {
    fn of(place: Place) -> Self {
        Self { place, lanes: Default::default() }
    }

    fn lane(&mut self, mode: Mode) -> &mut Lane {
        let [inside, shared, exclusive] = &mut self.lanes;
        match mode {
            Mode::Inside => inside,
            Mode::Shared => shared,
            Mode::Exclusive => exclusive,
        }
    }

    fn front(&self, mode: Mode) -> Option<Ticket> {
        let [inside, shared, exclusive] = &self.lanes;
        let lane = match mode {
            Mode::Inside => inside,
            Mode::Shared => shared,
            Mode::Exclusive => exclusive,
        };
        lane.unfinished.front().copied()
    }

    /// Whether no older ticket stands in a lane that conflicts with this one.
    fn is_free(&self, mode: Mode, ticket: Ticket) -> bool {
        let conflicting = Mode::ALL.into_iter().filter(|other| other.conflicts_with(mode));
        let mut fronts = conflicting.filter_map(|other| self.front(other));
        fronts.all(|front| ticket <= front)
    }

    fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.unfinished.is_empty())
    }
}

impl<P> Default for Ledger<P> {
    fn default() -> Self {
        let (index, places, entries) = (HashMap::new(), Slab::default(), Slab::default());
        Self { next: 0, index, recent: None, places, entries }
    }
}

impl<P> Ledger<P> {
    /// Admits a call of a run after all that were admitted before it.
    ///
    /// True: it may start now. Else what `park` makes is kept until a `finish` releases it.
    pub(crate) fn admit(
        &mut self,
        claims: &[Claim],
        run: u64,
        park: impl FnOnce() -> P,
    ) -> (Ticket, bool) {
        let ticket = Ticket { age: self.next, at: self.entries.vacant() };
        self.next += 1;
        let (mut holds, mut blocked) = (SmallVec::new(), 0);
        for &Claim { place, mode } in claims {
            let place = if place == Place::OwnRun { Place::Run(run) } else { place };
            let at = self.find(place);
            let Some(lanes) = self.places.get_mut(at) else { continue };
            holds.push((at, mode));
            lanes.lane(mode).unfinished.push_back(ticket);
            if !lanes.is_free(mode, ticket) {
                lanes.lane(mode).waiting.push_back(ticket);
                blocked += 1;
            }
        }
        let free = blocked == 0;
        let parked = (!free).then(park);
        self.entries.add(Entry { ticket, holds, blocked, parked });
        (ticket, free)
    }

    /// Ends a call, whether it ran or not, and appends to `ready` all that may start now.
    ///
    /// Returns what was parked for it, if it had not been released.
    pub(crate) fn finish(&mut self, ticket: Ticket, ready: &mut Vec<(Ticket, P)>) -> Option<P> {
        self.entries.get_mut(ticket.at).filter(|entry| entry.ticket == ticket)?;
        let entry = self.entries.remove(ticket.at)?;
        for (at, mode) in entry.holds {
            self.leave(at, mode, ready);
        }
        entry.parked
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.index.is_empty() && self.places.is_empty() && self.entries.is_empty()
    }

    fn find(&mut self, place: Place) -> usize {
        if let Some((_, at)) = self.recent.filter(|(recent, _)| *recent == place) {
            return at;
        }
        let at = *self.index.entry(place).or_insert_with(|| self.places.add(Lanes::of(place)));
        self.recent = Some((place, at));
        at
    }

    /// Moves a lane on after one of its tickets has finished, and releases who waited for that.
    fn leave(&mut self, at: usize, mode: Mode, ready: &mut Vec<(Ticket, P)>) {
        let Self { index, recent, places, entries, .. } = self;
        let Some(lanes) = places.get_mut(at) else { return };
        let unfinished = &mut lanes.lane(mode).unfinished;
        while unfinished.front().is_some_and(|front| !is_unfinished(entries, *front)) {
            unfinished.pop_front();
        }
        for other in Mode::ALL.into_iter().filter(|other| other.conflicts_with(mode)) {
            while let Some(&front) = lanes.lane(other).waiting.front() {
                if is_unfinished(entries, front) && !lanes.is_free(other, front) {
                    break;
                }
                lanes.lane(other).waiting.pop_front();
                ready.extend(unblock(entries, front));
            }
        }
        if lanes.is_empty() {
            index.remove(&lanes.place);
            *recent = None;
            places.remove(at);
        }
    }
}

fn is_unfinished<P>(entries: &Slab<Entry<P>>, ticket: Ticket) -> bool {
    entries.get(ticket.at).is_some_and(|entry| entry.ticket == ticket)
}

/// One lane fewer to wait for; what was parked, if it was the last.
fn unblock<P>(entries: &mut Slab<Entry<P>>, ticket: Ticket) -> Option<(Ticket, P)> {
    let entry = entries.get_mut(ticket.at).filter(|entry| entry.ticket == ticket)?;
    entry.blocked -= 1;
    match entry.blocked {
        0 => entry.parked.take().map(|parked| (ticket, parked)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::any::TypeId;
    use std::sync::Arc;

    /// A generator of its own, so that a failure is repeated by its seed.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap() % sides
        }
    }

    fn random_claims(dice: &mut Dice) -> (Arc<[Claim]>, u64) {
        let run = dice.roll(3) as u64;
        let state =
            Place::State(dice.roll(2), [TypeId::of::<u8>(), TypeId::of::<u16>()][dice.roll(2)]);
        let claim = |place, mode| Claim { place, mode };
        let kinds: [&[Claim]; 5] = [
            &[],
            &[claim(Place::OwnRun, Mode::Shared)],
            &[claim(Place::OwnRun, Mode::Inside), claim(Place::World, Mode::Exclusive)],
            &[claim(Place::OwnRun, Mode::Shared), claim(state, Mode::Exclusive)],
            &[claim(state, Mode::Shared)],
        ];
        (kinds[dice.roll(kinds.len())].into(), run)
    }

    fn conflict(a: &(Arc<[Claim]>, u64), b: &(Arc<[Claim]>, u64)) -> bool {
        let each = |(claims, run): &(Arc<[Claim]>, u64)| {
            let own = |place| if place == Place::OwnRun { Place::Run(*run) } else { place };
            claims
                .iter()
                .map(|claim| Claim { place: own(claim.place), ..*claim })
                .collect::<Vec<_>>()
        };
        let (a, b) = (each(a), each(b));
        a.iter().any(|x| b.iter().any(|y| x.place == y.place && x.mode.conflicts_with(y.mode)))
    }

    /// What the ledger should do, by comparing all pairs.
    #[derive(Default)]
    struct Model {
        calls: Vec<(Arc<[Claim]>, u64)>,
        live: Vec<usize>,
        started: Vec<usize>,
    }

    impl Model {
        fn startable(&self) -> Vec<usize> {
            let free = |&call: &usize| {
                let mut older = self.live.iter().take_while(|&&other| other < call);
                !self.started.contains(&call)
                    && older.all(|&o| !conflict(&self.calls[o], &self.calls[call]))
            };
            self.live.iter().copied().filter(free).collect()
        }
    }

    #[test]
    fn a_call_starts_when_no_older_conflicting_one_is_unfinished() {
        for seed in 0..20_000 {
            let (mut dice, mut ledger, mut model) =
                (Dice(seed), Ledger::default(), Model::default());
            let mut tickets = Vec::new();
            for _ in 0..24 {
                let mut ready = Vec::new();
                if dice.roll(5) < 3 || model.live.is_empty() {
                    let call = model.calls.len();
                    let claims = random_claims(&mut dice);
                    let (ticket, free) = ledger.admit(&claims.0, claims.1, || call);
                    tickets.push(ticket);
                    model.calls.push(claims);
                    model.live.push(call);
                    ready.extend(free.then_some((ticket, call)));
                } else {
                    // Also calls that have not started: a dropped batch finishes them.
                    let call = model.live.remove(dice.roll(model.live.len()));
                    let parked = ledger.finish(tickets[call], &mut ready);
                    assert_eq!(parked.is_some(), !model.started.contains(&call), "seed {seed}");
                }
                let mut started: Vec<_> = ready.into_iter().map(|(_, call)| call).collect();
                started.sort_unstable();
                assert_eq!(started, model.startable(), "seed {seed}");
                model.started.extend(started);
            }
            for call in model.live {
                ledger.finish(tickets[call], &mut Vec::new());
            }
            assert!(ledger.is_empty(), "seed {seed}");
        }
    }

    #[test]
    fn a_ticket_is_finished_once() {
        let mut ledger = Ledger::default();
        let none: Arc<[Claim]> = [].into();
        let (first, _) = ledger.admit(&none, 0, || ());
        ledger.finish(first, &mut Vec::new());
        let (second, _) = ledger.admit(&none, 0, || ());
        assert!(ledger.finish(first, &mut Vec::new()).is_none());
        assert!(is_unfinished(&ledger.entries, second));
    }
}
