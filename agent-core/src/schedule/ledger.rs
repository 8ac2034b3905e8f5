//! Who may run now: a pure state machine, without I/O and without a clock.
//!
//! No edges between calls are stored. Each place keeps, for each mode, its unfinished tickets in
//! ticket order; a ticket is free at a place when no older one stands in a conflicting lane. As the
//! fronts of lanes only move forward, each entry is pushed and popped once: the work is linear in
//! the number of claims.

use foldhash::fast::RandomState;
use smallvec::SmallVec;
use std::collections::{HashMap, VecDeque};

use crate::schedule::claim::{Claim, Mode, Place};
use crate::schedule::slab::Slab;

/// Orders calls by their claims; `P` is whatever waits for its turn.
pub(crate) struct Ledger<P> {
    next: u64,
    /// Where each claimed place stands in `places`.
    index: HashMap<Place, usize, RandomState>,
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
    holds: SmallVec<[(usize, Mode); 4]>,
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
        let [read_inside, write_inside, shared, exclusive] = &mut self.lanes;
        match mode {
            Mode::ReadInside => read_inside,
            Mode::WriteInside => write_inside,
            Mode::Shared => shared,
            Mode::Exclusive => exclusive,
        }
    }

    fn front(&self, mode: Mode) -> Option<Ticket> {
        let [read_inside, write_inside, shared, exclusive] = &self.lanes;
        let lane = match mode {
            Mode::ReadInside => read_inside,
            Mode::WriteInside => write_inside,
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
        let (index, places, entries) = (HashMap::default(), Slab::default(), Slab::default());
        Self { next: 0, index, recent: None, places, entries }
    }
}

impl<P> Ledger<P> {
    /// Admits a call of a run after all that were admitted before it.
    ///
    /// True: it may start now. Else what `park` makes is kept until a `finish` releases it.
    pub(crate) fn admit(
        &mut self,
        claims: impl IntoIterator<Item = Claim>,
        run: u64,
        park: impl FnOnce() -> P,
    ) -> (Ticket, bool) {
        let ticket = Ticket { age: self.next, at: self.entries.vacant() };
        self.next += 1;
        let (mut holds, mut blocked) = (SmallVec::new(), 0);
        for Claim { place, mode } in claims {
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

    /// What is parked for the calls that conflict with an unfinished one and came after it; `None` if
    /// that has ended.
    pub(crate) fn behind(&self, ticket: Ticket) -> Option<Vec<P>>
    where
        P: Clone,
    {
        is_unfinished(&self.entries, ticket).then_some(())?;
        let held = self.claims_of(ticket);
        let meets = |claim: &Claim| {
            held.iter().any(|its| its.place == claim.place && its.mode.conflicts_with(claim.mode))
        };
        let later = self.entries.iter().filter(|entry| entry.ticket > ticket);
        let behind = later.filter(|entry| self.claims_of(entry.ticket).iter().any(meets));
        Some(behind.filter_map(|entry| entry.parked.clone()).collect())
    }

    /// What an unfinished call claims; nothing if it has ended.
    pub(crate) fn claims_of(&self, ticket: Ticket) -> Vec<Claim> {
        let entry = self.entries.get(ticket.at).filter(|entry| entry.ticket == ticket);
        let holds = entry.into_iter().flat_map(|entry| &entry.holds);
        let claim = |&(at, mode): &(usize, Mode)| {
            self.places.get(at).map(|lanes| Claim { place: lanes.place, mode })
        };
        holds.filter_map(claim).collect()
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

    /// A path below the world, or of state: whole places, keys and lists of them.
    type Touched = (Vec<u64>, bool);

    #[derive(Debug, Clone)]
    struct Wanted {
        run: u64,
        /// Without a name: read, or write.
        world: Option<bool>,
        paths: Vec<Touched>,
        state: Option<(usize, bool)>,
    }

    fn wanted(dice: &mut Dice) -> Wanted {
        let path = |dice: &mut Dice| {
            let deep = 1 + dice.roll(4);
            ((0..deep).map(|_| dice.roll(2) as u64).collect(), dice.roll(2) == 0)
        };
        Wanted {
            run: dice.roll(3) as u64,
            world: [None, None, None, Some(false), Some(true)][dice.roll(5)],
            paths: (0..dice.roll(3)).map(|_| path(dice)).collect(),
            state: [None, Some(dice.roll(2))][dice.roll(2)].map(|state| (state, dice.roll(2) == 0)),
        }
    }

    /// By the rules of the tree, written down once more.
    fn claims(wanted: &Wanted) -> Vec<Claim> {
        let mut claims = Vec::new();
        let mut claim = |place, mode| claims.push(Claim { place, mode });
        let inside = |writes| if writes { Mode::WriteInside } else { Mode::ReadInside };
        let of = |writes| if writes { Mode::Exclusive } else { Mode::Shared };
        match wanted.world {
            Some(true) => {
                claim(Place::OwnRun, Mode::WriteInside);
                claim(Place::World, Mode::Exclusive);
            }
            Some(false) => claim(Place::OwnRun, Mode::Shared),
            None => {}
        }
        for (path, writes) in &wanted.paths {
            if *writes {
                claim(Place::OwnRun, Mode::WriteInside);
            }
            claim(Place::World, inside(*writes));
            let mut node = 0;
            for (depth, step) in path.iter().enumerate() {
                let parent = node;
                node = node * 10 + step + 1;
                let mode = if depth + 1 == path.len() { of(*writes) } else { inside(*writes) };
                claim(Place::Node { id: node, parent }, mode);
            }
        }
        if let Some((state, writes)) = wanted.state {
            claim(Place::State(state, TypeId::of::<u8>()), of(writes));
        }
        claims
    }

    /// What the tree means: one is the other or lies in it, and one of the two writes.
    fn conflict(a: &Wanted, b: &Wanted) -> bool {
        let meet = |(a, a_writes): &Touched, (b, b_writes): &Touched| {
            (a_writes | b_writes) && (a.starts_with(b) || b.starts_with(a))
        };
        let writes = |wanted: &Wanted| {
            wanted.world == Some(true) || wanted.paths.iter().any(|(_, writes)| *writes)
        };
        let outside = |wanted: &Wanted| wanted.world == Some(true) || !wanted.paths.is_empty();
        let unnamed_read = |reader: &Wanted, other: &Wanted| {
            reader.world == Some(false) && reader.run == other.run && writes(other)
        };
        let unnamed_write = |writer: &Wanted, other: &Wanted| {
            writer.world == Some(true)
                && (outside(other) || (other.world == Some(false) && writer.run == other.run))
        };
        let state = matches!((a.state, b.state), (Some((a, a_writes)), Some((b, b_writes)))
            if a == b && (a_writes | b_writes));
        state
            || unnamed_read(a, b)
            || unnamed_read(b, a)
            || unnamed_write(a, b)
            || unnamed_write(b, a)
            || a.paths.iter().any(|a| b.paths.iter().any(|b| meet(a, b)))
    }

    /// What the ledger should do, by comparing all pairs.
    #[derive(Default)]
    struct Model {
        calls: Vec<Wanted>,
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
                    let wanted = wanted(&mut dice);
                    let (ticket, free) = ledger.admit(claims(&wanted), wanted.run, || call);
                    tickets.push(ticket);
                    model.calls.push(wanted);
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
        let (first, _) = ledger.admit([], 0, || ());
        ledger.finish(first, &mut Vec::new());
        let (second, _) = ledger.admit([], 0, || ());
        assert!(ledger.finish(first, &mut Vec::new()).is_none());
        assert!(is_unfinished(&ledger.entries, second));
    }
}
