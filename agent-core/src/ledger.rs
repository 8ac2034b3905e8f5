//! Who may run now: a pure state machine, without I/O and without a clock.
//!
//! No edges between calls are stored. Each place keeps, for each mode, its unfinished tickets in
//! ticket order; a ticket is free at a place when no older one stands in a conflicting lane. As the
//! fronts of lanes only move forward, each entry is pushed and popped once: the work is linear in
//! the number of claims.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::access::{Claim, Mode, Place};

/// Orders calls by their claims; `P` is whatever waits for its turn.
pub(crate) struct Ledger<P> {
    next: u64,
    lanes: HashMap<Place, Lanes>,
    entries: Vec<Option<Entry<P>>>,
    vacant: Vec<usize>,
}

/// An admitted call, until it is finished. Older tickets are smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket {
    age: u64,
    at: usize,
}

struct Entry<P> {
    ticket: Ticket,
    claims: Claims,
    /// In how many lanes it is not free yet.
    blocked: usize,
    parked: Option<P>,
}

/// The claims of a call, shared with its tool, and the run in which they are made.
#[derive(Clone)]
struct Claims {
    fixed: Arc<[Claim]>,
    run: u64,
}

impl Claims {
    fn each(&self) -> impl Iterator<Item = Claim> + '_ {
        self.fixed.iter().map(|claim| match claim.place {
            Place::OwnRun => Claim { place: Place::Run(self.run), ..*claim },
            _ => *claim,
        })
    }
}

/// The unfinished tickets of a place.
#[derive(Default)]
struct Lanes {
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
        Self { next: 0, lanes: HashMap::new(), entries: Vec::new(), vacant: Vec::new() }
    }
}

impl<P> Ledger<P> {
    /// Admits a call after all that were admitted before it.
    ///
    /// True: it may start now. Else what `park` makes is kept until a `finish` releases it.
    pub(crate) fn admit(
        &mut self,
        fixed: &Arc<[Claim]>,
        run: u64,
        park: impl FnOnce() -> P,
    ) -> (Ticket, bool) {
        let claims = Claims { fixed: fixed.clone(), run };
        let ticket = self.ticket();
        let mut blocked = 0;
        for Claim { place, mode } in claims.each() {
            let lanes = self.lanes.entry(place).or_default();
            lanes.lane(mode).unfinished.push_back(ticket);
            if !lanes.is_free(mode, ticket) {
                lanes.lane(mode).waiting.push_back(ticket);
                blocked += 1;
            }
        }
        let free = blocked == 0;
        let parked = (!free).then(park);
        if let Some(entry) = self.entries.get_mut(ticket.at) {
            *entry = Some(Entry { ticket, claims, blocked, parked });
        }
        (ticket, free)
    }

    /// Ends a call, whether it ran or not, and appends to `ready` all that may start now.
    ///
    /// Returns what was parked for it, if it had not been released.
    pub(crate) fn finish(&mut self, ticket: Ticket, ready: &mut Vec<(Ticket, P)>) -> Option<P> {
        let entry = self.entries.get_mut(ticket.at)?.take_if(|entry| entry.ticket == ticket)?;
        self.vacant.push(ticket.at);
        for claim in entry.claims.each() {
            self.leave(claim, ready);
        }
        entry.parked
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.lanes.is_empty() && self.entries.iter().all(Option::is_none)
    }

    fn ticket(&mut self) -> Ticket {
        let age = self.next;
        self.next += 1;
        let at = self.vacant.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        Ticket { age, at }
    }

    /// Moves a lane on after one of its tickets has finished, and releases who waited for that.
    fn leave(&mut self, Claim { place, mode }: Claim, ready: &mut Vec<(Ticket, P)>) {
        let Some(lanes) = self.lanes.get_mut(&place) else {
            return;
        };
        let unfinished = &mut lanes.lane(mode).unfinished;
        while unfinished.front().is_some_and(|front| !is_unfinished(&self.entries, *front)) {
            unfinished.pop_front();
        }
        for other in Mode::ALL.into_iter().filter(|other| other.conflicts_with(mode)) {
            while let Some(&front) = lanes.lane(other).waiting.front() {
                if is_unfinished(&self.entries, front) && !lanes.is_free(other, front) {
                    break;
                }
                lanes.lane(other).waiting.pop_front();
                ready.extend(unblock(&mut self.entries, front));
            }
        }
        if lanes.is_empty() {
            self.lanes.remove(&place);
        }
    }
}

fn is_unfinished<P>(entries: &[Option<Entry<P>>], ticket: Ticket) -> bool {
    let entry = entries.get(ticket.at).and_then(Option::as_ref);
    entry.is_some_and(|entry| entry.ticket == ticket)
}

/// One lane fewer to wait for; what was parked, if it was the last.
fn unblock<P>(entries: &mut [Option<Entry<P>>], ticket: Ticket) -> Option<(Ticket, P)> {
    let entry = entries.get_mut(ticket.at)?.as_mut().filter(|entry| entry.ticket == ticket)?;
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
        let each = |(fixed, run): &(Arc<[Claim]>, u64)| {
            Claims { fixed: fixed.clone(), run: *run }.each().collect::<Vec<_>>()
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
