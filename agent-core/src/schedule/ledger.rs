//! Which calls can run now: a pure state machine, without I/O and without a clock.
//!
//! No edges between calls are stored. Each place keeps, for each mode, its unfinished tickets in
//! ticket order; a ticket is free at a place when no conflicting lane holds an older one. As the
//! fronts of lanes only move forward, each entry is pushed and popped once: the work is linear in
//! the number of claims. What a ledger grew is released when the calls have ended.

use foldhash::fast::RandomState;
use smallvec::SmallVec;
use std::collections::HashMap;

use crate::schedule::call_ref::CallRef;
use crate::schedule::claim::{Claim, Mode, Place};
use crate::schedule::key_kinds::{KeyKinds, KeyUse, MixedKeys};
pub(crate) use crate::schedule::lanes::Ticket;
use crate::schedule::lanes::{Lanes, SpareQueues};
use crate::schedule::slab::Slab;
use crate::schedule::stuck::StuckTickets;

/// The most places for which the index keeps room when they are gone.
const KEPT_PLACES: usize = 64;

/// Orders calls by their claims; `P` is what waits for its turn.
pub(crate) struct Ledger<P> {
    next: u64,
    /// The position of each claimed place in `places`.
    index: HashMap<Place, usize, RandomState>,
    /// The place that was claimed last: the calls of a response mostly claim the same.
    recent: Option<(Place, usize)>,
    places: Slab<Lanes>,
    entries: Slab<Admission<P>>,
    stuck: StuckTickets,
    spare: SpareQueues,
    /// Beside the claims, so that all toolsets that share the ledger agree on them.
    kinds: KeyKinds,
}

/// The lanes that a ticket is in: the position of the place, and the mode. A key of a file in a
/// directory claims six.
type HeldLanes = SmallVec<[(usize, Mode); 8]>;

struct Admission<P> {
    ticket: Ticket,
    holds: HeldLanes,
    /// In how many of them it is not free yet.
    blocked: usize,
    parked: Option<P>,
    is_stuck: bool,
}

impl<P> Default for Ledger<P> {
    fn default() -> Self {
        Self {
            next: 0,
            index: HashMap::default(),
            recent: None,
            places: Slab::default(),
            entries: Slab::default(),
            stuck: StuckTickets::default(),
            spare: SpareQueues::default(),
            kinds: KeyKinds::default(),
        }
    }
}

impl<P> Ledger<P> {
    /// Admits a call of a run after all that were admitted before it.
    ///
    /// True: it can start now. Otherwise the value of `park` is kept until a `finish` releases it.
    pub(crate) fn admit(
        &mut self,
        claims: impl IntoIterator<Item = Claim>,
        run: u64,
        park: impl FnOnce() -> P,
    ) -> (Ticket, bool) {
        let (ticket, holds, blocked) = self.enter(claims, run);
        let free = blocked == 0;
        let parked = (!free).then(park);
        self.add(Admission { ticket, holds, blocked, parked, is_stuck: false });
        (ticket, free)
    }

    /// Admits a call that conflicts with no unfinished one; any other leaves no trace.
    #[cfg_attr(not(test), allow(dead_code, reason = "for the next form of dispatch"))]
    pub(crate) fn try_admit(
        &mut self,
        claims: impl IntoIterator<Item = Claim>,
        run: u64,
    ) -> Option<Ticket> {
        let (ticket, holds, blocked) = self.enter(claims, run);
        if blocked == 0 {
            self.add(Admission { ticket, holds, blocked, parked: None, is_stuck: false });
            return Some(ticket);
        }
        for &(at, mode) in holds.iter().rev() {
            if let Some(lanes) = self.places.get_mut(at) {
                lanes.lane(mode).undo(ticket, &mut self.spare);
            }
            self.remove_if_empty(at);
        }
        None
    }

    /// Ends a call, whether it ran or not, and appends to `ready` all that can start now.
    ///
    /// Returns what was parked for it, if it had not been released.
    pub(crate) fn finish(&mut self, ticket: Ticket, ready: &mut Vec<(Ticket, P)>) -> Option<P> {
        self.entries.get_mut(ticket.at).filter(|entry| entry.ticket == ticket)?;
        let entry = self.entries.remove(ticket.at)?;
        if entry.is_stuck {
            self.stuck.remove(ticket, &entry.holds);
        }
        for &(at, mode) in &entry.holds {
            self.leave(at, mode, ready);
        }
        entry.parked
    }

    /// Marks an unfinished ticket: its body was stopped and has not ended. `call` names it to those
    /// that wait; the first mark stays.
    #[cfg_attr(not(test), allow(dead_code, reason = "for the next form of dispatch"))]
    pub(crate) fn mark_stuck(&mut self, ticket: Ticket, call: CallRef) {
        let entry = self.entries.get_mut(ticket.at).filter(|entry| entry.ticket == ticket);
        let Some(entry) = entry.filter(|entry| !entry.is_stuck) else { return };
        entry.is_stuck = true;
        self.stuck.add(ticket, &entry.holds, call);
    }

    /// The oldest stuck call for which this ticket waits directly; `None` if it waits for others only,
    /// or not at all.
    ///
    /// The cost is the ticket's own claims, and the stuck tickets at its places.
    #[cfg_attr(not(test), allow(dead_code, reason = "for the next form of dispatch"))]
    pub(crate) fn stuck_before(&self, ticket: Ticket) -> Option<CallRef> {
        let entry = self.entries.get(ticket.at).filter(|entry| entry.ticket == ticket)?;
        let stuck = self.stuck.before(ticket, &entry.holds);
        debug_assert!(stuck.is_none() || entry.blocked > 0, "an older conflicting ticket blocks");
        stuck
    }

    /// The claims of an unfinished call; nothing if it has ended.
    pub(crate) fn claims_of(&self, ticket: Ticket) -> Vec<Claim> {
        let entry = self.entries.get(ticket.at).filter(|entry| entry.ticket == ticket);
        let holds = entry.into_iter().flat_map(|entry| &entry.holds);
        let claim = |&(at, mode): &(usize, Mode)| {
            self.places.get(at).map(|lanes| Claim { place: lanes.place, mode })
        };
        holds.filter_map(claim).collect()
    }

    /// Keeps the kinds of the keys that tools declare: all of them, or none where one of them differs
    /// from what is known.
    pub(crate) fn declare_keys(&mut self, uses: &[KeyUse]) -> Result<(), MixedKeys> {
        self.kinds.add(uses, true)
    }

    /// The same for the keys of one call of a run-time tool. What calls note is forgotten at some time
    /// after the last of them has ended.
    pub(crate) fn note_keys(&mut self, uses: &[KeyUse]) -> Result<(), MixedKeys> {
        let Self { kinds, index, .. } = self;
        kinds.forget_idle(|id| index.contains_key(&Place::Node { id, parent: 0 }));
        kinds.add(uses, false)
    }

    /// Enters the claims of a new ticket in their lanes. Returned with it: how many of them are not
    /// free.
    fn enter(
        &mut self,
        claims: impl IntoIterator<Item = Claim>,
        run: u64,
    ) -> (Ticket, HeldLanes, usize) {
        let ticket = Ticket { age: self.next, at: self.entries.vacant() };
        let mut holds = HeldLanes::new();
        let mut blocked = 0;
        for Claim { place, mode } in claims {
            let place = if place == Place::OwnRun { Place::Run(run) } else { place };
            let at = self.find(place);
            let Self { places, entries, spare, .. } = self;
            let Some(lanes) = places.get_mut(at) else { continue };
            holds.push((at, mode));
            lanes.lane(mode).enter(ticket, spare, |other| is_unfinished(entries, other));
            if !lanes.is_free(mode, ticket) {
                lanes.lane(mode).wait(ticket, spare, |other| is_unfinished(entries, other));
                blocked += 1;
            }
        }
        (ticket, holds, blocked)
    }

    fn add(&mut self, entry: Admission<P>) {
        let expected = entry.ticket.at;
        self.next += 1;
        let at = self.entries.add(entry);
        debug_assert_eq!(at, expected, "the ticket was made for the next vacant position");
    }

    fn find(&mut self, place: Place) -> usize {
        if let Some((_, at)) = self.recent.filter(|(recent, _)| *recent == place) {
            return at;
        }
        let at = *self.index.entry(place).or_insert_with(|| self.places.add(Lanes::of(place)));
        self.recent = Some((place, at));
        at
    }

    /// Advances a lane after one of its tickets has finished, and releases the tickets that waited for
    /// that.
    fn leave(&mut self, at: usize, mode: Mode, ready: &mut Vec<(Ticket, P)>) {
        let Self { places, entries, spare, .. } = self;
        let Some(lanes) = places.get_mut(at) else { return };
        lanes.lane(mode).advance(spare, |ticket| is_unfinished(entries, ticket));
        for other in Mode::ALL.into_iter().filter(|other| other.conflicts_with(mode)) {
            while let Some(front) = lanes.lane(other).first_waiting() {
                if is_unfinished(entries, front) && !lanes.is_free(other, front) {
                    break;
                }
                lanes.lane(other).stop_first_waiting(spare);
                ready.extend(unblock(entries, front));
            }
        }
        self.remove_if_empty(at);
    }

    fn remove_if_empty(&mut self, at: usize) {
        let Some(lanes) = self.places.get(at).filter(|lanes| lanes.is_empty()) else { return };
        self.index.remove(&lanes.place);
        self.recent = None;
        self.places.remove(at);
        // As in `Slab`: rarely enough that the moves cost less than the claims that caused them.
        let (length, capacity) = (self.index.len(), self.index.capacity());
        if capacity > KEPT_PLACES && length < capacity / 8 {
            self.index.shrink_to(KEPT_PLACES.max(2 * length));
        }
    }
}

#[cfg(test)]
impl<P> Ledger<P> {
    pub(crate) fn is_empty(&self) -> bool {
        self.counts() == [0; 3]
    }

    /// The places in the index, those with lanes, and the unfinished tickets.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [self.index.len(), self.places.len(), self.entries.len()]
    }

    /// The places of tickets in the queues of all lanes, finished ones included.
    pub(super) fn queued(&self) -> usize {
        self.places.iter().map(Lanes::queued).sum()
    }

    /// The memory of the ledger, without the lanes of claimed places.
    pub(super) fn held_bytes(&self) -> usize {
        let index = self.index.capacity() * size_of::<(Place, usize)>();
        index + self.places.held_bytes() + self.entries.held_bytes() + self.spare.held_bytes()
    }
}

fn is_unfinished<P>(entries: &Slab<Admission<P>>, ticket: Ticket) -> bool {
    entries.get(ticket.at).is_some_and(|entry| entry.ticket == ticket)
}

/// Counts one lane less to wait for. Returns what was parked, if that was the last.
fn unblock<P>(entries: &mut Slab<Admission<P>>, ticket: Ticket) -> Option<(Ticket, P)> {
    let entry = entries.get_mut(ticket.at).filter(|entry| entry.ticket == ticket)?;
    entry.blocked -= 1;
    match entry.blocked {
        0 => entry.parked.take().map(|parked| (ticket, parked)),
        _ => None,
    }
}
