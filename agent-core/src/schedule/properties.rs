//! The ledger against a model that compares all pairs of calls, and the memory it keeps.

use std::any::TypeId;

use crate::schedule::call_ref::CallRef;
use crate::schedule::claim::{Claim, Mode, Place};
use crate::schedule::ledger::{Ledger, Ticket};

/// A generator of its own, so that a failure is repeated by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
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
    stuck: Vec<usize>,
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

    /// The oldest stuck call for which a waiting one waits directly.
    fn stuck_before(&self, call: usize) -> Option<usize> {
        let before = |&&other: &&usize| {
            other < call
                && self.stuck.contains(&other)
                && conflict(&self.calls[other], &self.calls[call])
        };
        self.live.iter().find(before).copied()
    }

    fn conflicts_with_any(&self, wanted: &Wanted) -> bool {
        self.live.iter().any(|&call| conflict(&self.calls[call], wanted))
    }
}

fn call_ref(index: usize) -> CallRef {
    CallRef { run: 0, turn: 0, attempt: 0, index }
}

/// One random schedule, in the ledger and in the model.
struct Schedule {
    seed: u64,
    dice: Dice,
    ledger: Ledger<usize>,
    model: Model,
    tickets: Vec<Ticket>,
}

impl Schedule {
    fn of(seed: u64) -> Self {
        let (dice, ledger) = (Dice(seed), Ledger::default());
        Self { seed, dice, ledger, model: Model::default(), tickets: Vec::new() }
    }

    fn step(&mut self) {
        let ready = match self.dice.roll(8) {
            0..=3 => self.admit(),
            4 => self.try_admit(),
            5 => self.mark_stuck(),
            _ => self.finish(),
        };
        let mut started = ready;
        started.sort_unstable();
        assert_eq!(started, self.model.startable(), "seed {}", self.seed);
        self.model.started.extend(started);
        if !self.tickets.is_empty() {
            let call = self.dice.roll(self.tickets.len());
            let stuck = self.ledger.stuck_before(self.tickets[call]).map(|call| call.index);
            let expected = self.model.live.contains(&call).then(|| self.model.stuck_before(call));
            assert_eq!(stuck, expected.flatten(), "seed {}", self.seed);
        }
    }

    fn admit(&mut self) -> Vec<usize> {
        let wanted = wanted(&mut self.dice);
        let call = self.model.calls.len();
        let (ticket, free) = self.ledger.admit(claims(&wanted), wanted.run, || call);
        self.push(wanted, ticket);
        free.then_some(call).into_iter().collect()
    }

    fn try_admit(&mut self) -> Vec<usize> {
        let wanted = wanted(&mut self.dice);
        let call = self.model.calls.len();
        let before = self.ledger.counts();
        let ticket = self.ledger.try_admit(claims(&wanted), wanted.run);
        assert_eq!(ticket.is_none(), self.model.conflicts_with_any(&wanted), "seed {}", self.seed);
        let Some(ticket) = ticket else {
            assert_eq!(self.ledger.counts(), before, "seed {}", self.seed);
            return Vec::new();
        };
        self.push(wanted, ticket);
        vec![call]
    }

    fn push(&mut self, wanted: Wanted, ticket: Ticket) {
        self.model.live.push(self.model.calls.len());
        self.model.calls.push(wanted);
        self.tickets.push(ticket);
    }

    /// Any call: one that has ended is not marked, and a second mark changes nothing.
    fn mark_stuck(&mut self) -> Vec<usize> {
        if !self.tickets.is_empty() {
            let call = self.dice.roll(self.tickets.len());
            let named = if self.model.stuck.contains(&call) { usize::MAX } else { call };
            self.ledger.mark_stuck(self.tickets[call], call_ref(named));
            if self.model.live.contains(&call) {
                self.model.stuck.push(call);
            } else {
                self.model.stuck.retain(|other| *other != call);
            }
        }
        Vec::new()
    }

    /// Also a call that has not started: a dropped batch finishes it.
    fn finish(&mut self) -> Vec<usize> {
        if self.model.live.is_empty() {
            return Vec::new();
        }
        let call = self.model.live.remove(self.dice.roll(self.model.live.len()));
        let mut ready = Vec::new();
        let parked = self.ledger.finish(self.tickets[call], &mut ready);
        assert_eq!(parked.is_some(), !self.model.started.contains(&call), "seed {}", self.seed);
        ready.into_iter().map(|(_, call)| call).collect()
    }

    fn end(mut self) {
        for call in self.model.live {
            self.ledger.finish(self.tickets[call], &mut Vec::new());
        }
        assert!(self.ledger.is_empty(), "seed {}", self.seed);
    }
}

#[test]
fn a_call_starts_when_no_older_conflicting_one_is_unfinished() {
    for seed in 0..20_000 {
        let mut schedule = Schedule::of(seed);
        for _ in 0..28 {
            schedule.step();
        }
        schedule.end();
    }
}

#[test]
fn a_ticket_is_finished_once() {
    let mut ledger = Ledger::default();
    let (first, _) = ledger.admit([], 0, || ());
    ledger.finish(first, &mut Vec::new());
    ledger.admit([], 0, || ());
    assert!(ledger.finish(first, &mut Vec::new()).is_none());
    assert_eq!(ledger.counts(), [0, 0, 1]);
}

/// A write of one key of a resource.
fn write(key: u64) -> [Claim; 4] {
    let node = |id, parent| Place::Node { id, parent };
    let inside = |place| Claim { place, mode: Mode::WriteInside };
    [
        inside(Place::OwnRun),
        inside(Place::World),
        inside(node(1, 0)),
        Claim { place: node(key + 2, 1), mode: Mode::Exclusive },
    ]
}

/// The memory of a ledger that once grew, in bytes.
const SMALL: usize = 48 << 10;

#[test]
fn what_many_keys_grew_is_released() {
    let mut ledger = Ledger::<()>::default();
    let tickets: Vec<_> = (0..100_000).map(|key| ledger.admit(write(key), 0, || ()).0).collect();
    assert!(ledger.held_bytes() > 10 << 20);
    // In an order of no regularity.
    for step in 0..tickets.len() {
        ledger.finish(tickets[step * 7_919 % tickets.len()], &mut Vec::new());
    }
    assert!(ledger.is_empty() && ledger.held_bytes() < SMALL, "{}", ledger.held_bytes());
}

#[test]
fn what_one_call_with_many_claims_grew_is_released() {
    let mut ledger = Ledger::<()>::default();
    let ticket = ledger.try_admit((0..500_000).flat_map(write), 0).unwrap();
    ledger.finish(ticket, &mut Vec::new());
    assert!(ledger.is_empty() && ledger.held_bytes() < SMALL, "{}", ledger.held_bytes());
}

#[test]
fn behind_a_call_that_does_not_end_nothing_piles_up() {
    let mut ledger = Ledger::<()>::default();
    ledger.try_admit(write(0), 0).unwrap();
    for key in 1..100_000 {
        let ticket = ledger.try_admit(write(key), 0).unwrap();
        ledger.finish(ticket, &mut Vec::new());
        // A waiter whose batch is dropped.
        let (waiter, free) = ledger.admit(write(0), 0, || ());
        assert!(!free && ledger.finish(waiter, &mut Vec::new()).is_some());
    }
    let queued: usize = ledger.queued();
    assert!(queued < 100 && ledger.held_bytes() < SMALL, "{queued}, {}", ledger.held_bytes());
}

#[test]
fn a_keyed_call_after_another_allocates_no_lane() {
    let mut ledger = Ledger::<()>::default();
    let spare = |ledger: &mut Ledger<()>, key| {
        let ticket = ledger.try_admit(write(key), 0).unwrap();
        ledger.finish(ticket, &mut Vec::new());
        ledger.held_bytes()
    };
    let first = spare(&mut ledger, 0);
    for key in 1..1_000 {
        assert_eq!(spare(&mut ledger, key), first);
    }
}
