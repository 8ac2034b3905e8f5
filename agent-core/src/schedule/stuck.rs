//! Tickets of bodies that were stopped and have not ended.

use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use crate::schedule::call_ref::CallRef;
use crate::schedule::claim::Mode;
use crate::schedule::lanes::Ticket;

/// The stuck tickets at each place that they hold, by the position of the place: a waiter looks only
/// at its own places.
#[derive(Default)]
pub(super) struct StuckTickets {
    at: HashMap<usize, Vec<StuckHold>, RandomState>,
}

struct StuckHold {
    ticket: Ticket,
    mode: Mode,
    call: CallRef,
}

impl StuckTickets {
    pub(super) fn add(&mut self, ticket: Ticket, holds: &[(usize, Mode)], call: CallRef) {
        for &(at, mode) in holds {
            self.at.entry(at).or_default().push(StuckHold { ticket, mode, call });
        }
    }

    pub(super) fn remove(&mut self, ticket: Ticket, holds: &[(usize, Mode)]) {
        for &(at, _) in holds {
            let Slot::Occupied(mut stuck) = self.at.entry(at) else { continue };
            stuck.get_mut().retain(|hold| hold.ticket != ticket);
            if stuck.get().is_empty() {
                stuck.remove();
            }
        }
        if self.at.is_empty() {
            self.at = HashMap::default();
        }
    }

    /// The call of the oldest stuck ticket before this one that conflicts with it.
    pub(super) fn before(&self, ticket: Ticket, holds: &[(usize, Mode)]) -> Option<CallRef> {
        if self.at.is_empty() {
            return None;
        }
        let conflicting = holds.iter().flat_map(|&(at, mode)| {
            let stuck = self.at.get(&at).into_iter().flatten();
            stuck.filter(move |hold| hold.ticket < ticket && hold.mode.conflicts_with(mode))
        });
        conflicting.min_by_key(|hold| hold.ticket).map(|hold| hold.call)
    }
}
