//! The unfinished tickets of one place: a lane for each mode, in ticket order.

use std::collections::VecDeque;

use crate::schedule::claim::{Mode, Place};

/// How many emptied queues a ledger keeps for the next calls. Nearly every call that claims a key opens
/// a lane in a place that no other call claims at that moment.
const SPARE_QUEUES: usize = 32;

/// The longest queue that is kept or left unshrunk.
const SHORT_QUEUE: usize = 16;

/// An admitted call, until it is finished. Older tickets are smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket {
    pub(super) age: u64,
    /// The position of its entry in the ledger.
    pub(super) at: usize,
}

/// The unfinished tickets of a place.
pub(super) struct Lanes {
    pub(super) place: Place,
    lanes: [Lane; Mode::ALL.len()],
}

#[derive(Default)]
pub(super) struct Lane {
    unfinished: TicketQueue,
    /// The unfinished tickets that are not free here yet.
    waiting: TicketQueue,
}

impl Lanes {
    pub(super) fn of(place: Place) -> Self {
        Self { place, lanes: Default::default() }
    }

    pub(super) fn lane(&mut self, mode: Mode) -> &mut Lane {
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
        lane.unfinished.front()
    }

    /// Whether the lanes that conflict with this one hold no older ticket.
    pub(super) fn is_free(&self, mode: Mode, ticket: Ticket) -> bool {
        let conflicting = Mode::ALL.into_iter().filter(|other| other.conflicts_with(mode));
        let mut fronts = conflicting.filter_map(|other| self.front(other));
        fronts.all(|front| ticket <= front)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.unfinished.front().is_none())
    }

    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        self.lanes.iter().map(|lane| lane.unfinished.0.capacity() + lane.waiting.0.capacity()).sum()
    }
}

impl Lane {
    pub(super) fn enter(
        &mut self,
        ticket: Ticket,
        spare: &mut SpareQueues,
        is_unfinished: impl Fn(Ticket) -> bool,
    ) {
        self.unfinished.push(ticket, spare, is_unfinished);
    }

    pub(super) fn wait(
        &mut self,
        ticket: Ticket,
        spare: &mut SpareQueues,
        is_unfinished: impl Fn(Ticket) -> bool,
    ) {
        self.waiting.push(ticket, spare, is_unfinished);
    }

    /// Undoes the last `enter` and `wait` of the newest ticket.
    pub(super) fn undo(&mut self, ticket: Ticket, spare: &mut SpareQueues) {
        self.unfinished.pop_back_if(ticket, spare);
        self.waiting.pop_back_if(ticket, spare);
    }

    /// Drops the finished tickets at the front.
    pub(super) fn advance(
        &mut self,
        spare: &mut SpareQueues,
        is_unfinished: impl Fn(Ticket) -> bool,
    ) {
        while self.unfinished.front().is_some_and(|front| !is_unfinished(front)) {
            self.unfinished.pop_front(spare);
        }
    }

    pub(super) fn first_waiting(&self) -> Option<Ticket> {
        self.waiting.front()
    }

    pub(super) fn stop_first_waiting(&mut self, spare: &mut SpareQueues) {
        self.waiting.pop_front(spare);
    }
}

/// Tickets in ticket order. A finished one stays until it is at the front, or the queue is full.
#[derive(Default)]
struct TicketQueue(VecDeque<Ticket>);

impl TicketQueue {
    fn front(&self) -> Option<Ticket> {
        self.0.front().copied()
    }

    fn push(
        &mut self,
        ticket: Ticket,
        spare: &mut SpareQueues,
        is_unfinished: impl Fn(Ticket) -> bool,
    ) {
        if self.0.capacity() == 0 {
            self.0 = spare.take();
        } else if self.0.len() == self.0.capacity() {
            // Behind a ticket that does not end, the finished ones would pile up for ever. A sweep
            // that frees less than half is followed by growth, so each ticket is swept a bounded
            // number of times.
            self.0.retain(|&other| other == ticket || is_unfinished(other));
            if self.0.len() > self.0.capacity() / 2 {
                self.0.reserve(self.0.capacity());
            }
        }
        self.0.push_back(ticket);
    }

    fn pop_front(&mut self, spare: &mut SpareQueues) {
        self.0.pop_front();
        self.release(spare);
    }

    fn pop_back_if(&mut self, ticket: Ticket, spare: &mut SpareQueues) {
        if self.0.back() == Some(&ticket) {
            self.0.pop_back();
            self.release(spare);
        }
    }

    /// Gives memory back that the queue does not need any more.
    fn release(&mut self, spare: &mut SpareQueues) {
        let (length, capacity) = (self.0.len(), self.0.capacity());
        if length == 0 {
            spare.keep(std::mem::take(&mut self.0));
        } else if capacity > SHORT_QUEUE && length < capacity / 8 {
            self.0.shrink_to(2 * length);
        }
    }
}

/// Emptied queues, for the next lanes.
#[derive(Default)]
pub(super) struct SpareQueues(Vec<VecDeque<Ticket>>);

impl SpareQueues {
    fn take(&mut self) -> VecDeque<Ticket> {
        self.0.pop().unwrap_or_default()
    }

    fn keep(&mut self, queue: VecDeque<Ticket>) {
        if self.0.len() < SPARE_QUEUES && (1..=SHORT_QUEUE).contains(&queue.capacity()) {
            self.0.push(queue);
        }
    }

    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        let tickets: usize = self.0.iter().map(VecDeque::capacity).sum();
        tickets * size_of::<Ticket>() + self.0.capacity() * size_of::<VecDeque<Ticket>>()
    }
}
