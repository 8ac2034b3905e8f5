use smallvec::SmallVec;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use super::job::Job;
use super::outcome::drop_quietly;
use super::shared::Shared;
use crate::schedule::ledger::Ticket;
use crate::schedule::queue::{CallSlots, Parked};
use crate::sync::thread_local;

/// A call's claims and slot, until it has let go of all.
#[derive(Default)]
pub(super) struct Lease {
    pub(super) ticket: Option<Ticket>,
    pub(super) slots: SmallVec<[Arc<CallSlots>; 2]>,
}

impl Lease {
    /// Gives up what the call at `index` held, and starts who waited for it.
    pub(super) fn give_up(&mut self, shared: &Shared, index: usize) {
        let Self { ticket, slots } = std::mem::take(self);
        if let Some(ticket) = ticket {
            let mut free = Vec::new();
            // What was parked is dropped outside of the lock.
            let parked = shared.ledger().finish(ticket, &mut free);
            drop(parked);
            for (_, parked) in free {
                parked.batch.release(parked.index, shared.call_ref(index));
            }
        }
        for slots in &slots {
            while let Some(Parked { batch, index }) = slots.hand_on() {
                if batch.give_slot(index, slots) {
                    break;
                }
            }
        }
    }
}

/// A lease on another thread: given up when it is dropped.
pub(super) struct Away {
    pub(super) lease: Lease,
    pub(super) shared: Arc<Shared>,
    pub(super) index: usize,
}

impl Drop for Away {
    fn drop(&mut self) {
        self.lease.give_up(&self.shared, self.index);
    }
}

/// Starts a call that the ledger has admitted, as soon as it has all its slots: first that of its
/// tool, then that of the agent. So it holds none of the agent's while it waits.
pub(super) fn start(shared: &Arc<Shared>, job: Box<Job>) {
    let mut job = Some(job);
    while let Some(slots) = job.as_ref().and_then(|job| job.next_slots().cloned()) {
        let taken = slots.take(|| {
            // A batch that is over withdraws what queues here, and drops what comes later.
            let job = job.take_if(|_| !shared.is_over())?;
            Some(shared.queue(job))
        });
        match &mut job {
            Some(job) if taken => job.take_slot(slots),
            Some(_) => break,
            None => return,
        }
    }
    if let Some(job) = job {
        launch(shared, job);
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
fn launch(shared: &Shared, job: Box<Job>) {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            LAUNCHING.with(|launching| launching.set(false));
        }
    }
    if LAUNCHING.with(|launching| launching.replace(true)) {
        return NEXT.with(|next| next.borrow_mut().push_back(job));
    }
    let leave = Leave;
    spawn(shared, job);
    while let Some(job) = NEXT.with(|next| next.borrow_mut().pop_front()) {
        spawn(&job.shared().clone(), job);
    }
    drop(leave);
}

fn spawn(shared: &Shared, job: Box<Job>) {
    if shared.is_over() {
        return drop_quietly(job);
    }
    shared.keep(shared.runtime.spawn(job));
}
