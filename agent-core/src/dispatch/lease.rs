use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use super::batch::Shared;
use super::job::Job;
use super::outcome::drop_quietly;
use crate::ledger::Ticket;

/// A call's claims and slot. Dropping it gives them up and starts who waited for them.
pub(super) struct Lease {
    shared: Arc<Shared>,
    index: usize,
    pub(super) ticket: Option<Ticket>,
    pub(super) slot: bool,
}

impl Lease {
    pub(super) fn new(shared: Arc<Shared>, index: usize) -> Self {
        Self { shared, index, ticket: None, slot: false }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let mut free = Vec::new();
            // What was parked is dropped outside of the lock.
            let parked = self.shared.toolset.ledger().finish(ticket, &mut free);
            drop(parked);
            let after = self.shared.call_ref(self.index);
            for (_, parked) in free {
                parked.batch.release(parked.index, after);
            }
        }
        if let Some(slots) = self.shared.slots.as_ref().filter(|_| self.slot)
            && let Some(next) = slots.hand_on()
        {
            launch(next);
        }
    }
}

/// Starts a call that the ledger has admitted, as soon as a slot is free.
pub(super) fn start(shared: &Shared, job: Box<Job>) {
    let job = match &shared.slots {
        Some(slots) => slots.take(job),
        None => Some(job),
    };
    if let Some(job) = job {
        launch(job);
    }
}

thread_local! {
    static LAUNCHING: Cell<bool> = const { Cell::new(false) };
    static NEXT: RefCell<VecDeque<Box<Job>>> = const { RefCell::new(VecDeque::new()) };
}

/// Spawns a call that has its slot.
///
/// On a runtime that shuts down a spawn drops the call at once, which starts the next one. The
/// queue keeps that from becoming a recursion as deep as the batch is long.
fn launch(job: Box<Job>) {
    if LAUNCHING.replace(true) {
        return NEXT.with_borrow_mut(|next| next.push_back(job));
    }
    spawn(job);
    while let Some(job) = NEXT.with_borrow_mut(VecDeque::pop_front) {
        spawn(job);
    }
    LAUNCHING.set(false);
}

fn spawn(job: Box<Job>) {
    let shared = job.shared().clone();
    if shared.is_over() {
        return drop_quietly(job);
    }
    shared.keep(shared.runtime.spawn(job));
}
