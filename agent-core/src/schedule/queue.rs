//! What a call waits for, what it holds, and how that is given back.

use smallvec::SmallVec;
use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};

pub(crate) use crate::schedule::call_ref::CallRef;
use crate::schedule::claim::Claim;
use crate::schedule::ledger::{Ledger, Ticket};
use crate::schedule::slots::Slots;
use crate::sync::Mutex;

/// Orders the calls of all toolsets that share it.
pub(crate) type SharedLedger = Arc<Mutex<Ledger<Waiter>>>;

/// What limits how many calls run at the same time.
pub(crate) type CallSlots = Slots<Waiter>;

/// A call that waits in the ledger or for a slot: the one at `index` of its batch.
#[derive(Clone)]
pub(crate) struct Waiter {
    pub(crate) batch: Arc<dyn Waits>,
    pub(crate) index: usize,
}

impl Waiter {
    pub(crate) fn is_of<W: Waits>(&self, batch: &Arc<W>) -> bool {
        std::ptr::addr_eq(Arc::as_ptr(&self.batch), Arc::as_ptr(batch))
    }
}

/// A batch with calls that wait.
pub(crate) trait Waits: Send + Sync {
    /// Continues a call that got what it waited for.
    fn resume(self: Arc<Self>, index: usize, by: By) -> Resumed;
}

/// What a call got for which it waited.
#[derive(Clone)]
pub(crate) enum By {
    /// The end of the last earlier call in conflict with it.
    Ledger(CallRef),
    Slot(Arc<CallSlots>),
}

/// What became of a call that was resumed.
pub(crate) enum Resumed {
    /// It runs, or waits for something else.
    Continues,
    /// As `Continues`, and this has to be given back: what it held, if it ended at once because its runtime
    /// shuts down, or slots that it must not hold while it waits for another one.
    Ended(Option<Holding>),
    /// It waits no longer, and takes nothing.
    Gone,
}

/// What an admitted call holds: its place in the ledger and its slots. Dropped, it gives them back.
pub(crate) struct Permits {
    call: CallRef,
    ticket: Option<(SharedLedger, Ticket)>,
    slots: SmallVec<[Arc<CallSlots>; 2]>,
    /// Slots that were put back, to be offered to the calls that wait for them.
    put_back: SmallVec<[Arc<CallSlots>; 1]>,
    /// What the call holds within which this one runs: not given back before this is.
    parent: Option<Arc<Within>>,
    stuck: AtomicBool,
}

impl Permits {
    pub(crate) fn new(call: CallRef, parent: Option<Arc<Within>>) -> Self {
        let (slots, put_back) = (SmallVec::new(), SmallVec::new());
        Self { call, ticket: None, slots, put_back, parent, stuck: AtomicBool::new(false) }
    }

    pub(crate) fn add_ticket(&mut self, ledger: &SharedLedger, ticket: Ticket) {
        self.ticket = Some((ledger.clone(), ticket));
    }

    pub(crate) fn ticket(&self) -> Option<Ticket> {
        self.ticket.as_ref().map(|(_, ticket)| *ticket)
    }

    /// Puts its slots back while the call queues for another one. What is returned offers them to the calls
    /// that wait for them, when it is given back.
    pub(crate) fn put_slots_back(&mut self) -> Option<Holding> {
        if self.slots.is_empty() {
            return None;
        }
        let mut offer = Self::new(self.call, None);
        for slots in mem::take(&mut self.slots) {
            slots.put_back();
            offer.put_back.push(slots);
        }
        Some(Holding::Own(offer))
    }

    pub(crate) fn add_slot(&mut self, slots: Arc<CallSlots>) {
        self.slots.push(slots);
    }

    /// Whether it holds one of these slots, or one that was lent from them.
    pub(crate) fn slot_of(&self, slots: &Arc<CallSlots>) -> Option<&Arc<CallSlots>> {
        self.slots.iter().find(|its| its.is_same(slots))
    }

    /// Whether nothing has to be given back.
    fn is_empty(&self) -> bool {
        self.ticket.is_none()
            && self.slots.is_empty()
            && self.put_back.is_empty()
            && self.parent.is_none()
    }

    /// Notes that the body was stopped and has not returned, for the calls that wait behind it.
    pub(crate) fn mark_stuck(&self) {
        if self.stuck.swap(true, Ordering::SeqCst) {
            return;
        }
        if let Some((ledger, ticket)) = &self.ticket {
            lock(ledger).mark_stuck(*ticket, self.call);
        }
        self.slots.iter().for_each(|slots| slots.set_stuck(true));
        if let Some(parent) = &self.parent {
            parent.inside_is_stuck();
        }
    }

    /// Gives all back; `resume` continues a call and returns whether it took what it waited for.
    ///
    /// Returned: what the call around it held, if that has ended and this was the last call within it.
    fn release(&mut self, resume: &mut dyn FnMut(Waiter, By) -> bool) -> Option<Self> {
        if let Some((ledger, ticket)) = self.ticket.take() {
            let mut free = Vec::new();
            let waiting = lock(&ledger).finish(ticket, &mut free);
            // After the unlock: a waiter keeps its batch, whose drop can run any code.
            drop(waiting);
            for (_, waiter) in free {
                resume(waiter, By::Ledger(self.call));
            }
        }
        for slots in mem::take(&mut self.slots) {
            if *self.stuck.get_mut() {
                slots.set_stuck(false);
            }
            while let Some(waiter) = slots.pass_on() {
                if resume(waiter, By::Slot(slots.clone())) {
                    break;
                }
            }
        }
        for slots in mem::take(&mut self.put_back) {
            while let Some(waiter) = slots.next() {
                if !resume(waiter, By::Slot(slots.clone())) {
                    slots.put_back();
                }
            }
        }
        let parent = self.parent.take()?;
        if *self.stuck.get_mut() {
            parent.stuck_inside.fetch_sub(1, Ordering::SeqCst);
        }
        Some(Arc::into_inner(parent)?.permits)
    }
}

impl Drop for Permits {
    fn drop(&mut self) {
        if !self.is_empty() {
            let taken = mem::replace(self, Self::new(self.call, None));
            give_back(Holding::Own(taken), &mut |_, _| None);
        }
    }
}

/// What a call holds, alone or shared with the calls within it.
pub(crate) enum Holding {
    Own(Permits),
    Shared(Arc<Within>),
}

impl Holding {
    /// Gives back what a call held whose body is gone.
    pub(crate) fn release(self) {
        give_back(self, &mut |_, _| None);
    }

    pub(crate) fn permits(&self) -> &Permits {
        match self {
            Self::Own(permits) => permits,
            Self::Shared(within) => &within.permits,
        }
    }
}

/// What a call holds within which others run. They hold it too: a claim ends when everything that was
/// admitted under it has ended.
pub(crate) struct Within {
    permits: Permits,
    /// What the calls within it may use.
    pub(crate) claims: Vec<Claim>,
    /// Orders the calls within it.
    ledger: OnceLock<SharedLedger>,
    /// One slot for each that the call holds, for one of the calls within it at a time.
    lent: Mutex<SmallVec<[Arc<CallSlots>; 1]>>,
    /// The call itself has ended.
    ended: AtomicBool,
    /// So many bodies within it were stopped and have not returned.
    stuck_inside: AtomicUsize,
}

impl Within {
    pub(crate) fn new(permits: Permits, claims: Vec<Claim>) -> Arc<Self> {
        let (ledger, lent) = (OnceLock::new(), Mutex::default());
        let (ended, stuck_inside) = (AtomicBool::new(false), AtomicUsize::new(0));
        Arc::new(Self { permits, claims, ledger, lent, ended, stuck_inside })
    }

    // The two sides each write first and read then, so that one of them sees the other: a call that has
    // ended is marked as stuck as long as a stuck body within it keeps its claims.

    fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        if self.stuck_inside.load(Ordering::SeqCst) > 0 {
            self.permits.mark_stuck();
        }
    }

    fn inside_is_stuck(&self) {
        self.stuck_inside.fetch_add(1, Ordering::SeqCst);
        if self.ended.load(Ordering::SeqCst) {
            self.permits.mark_stuck();
        }
    }

    pub(crate) fn ledger(&self) -> &SharedLedger {
        self.ledger.get_or_init(SharedLedger::default)
    }

    /// The slot that the call lends in place of one of these, if it holds one.
    pub(crate) fn lends(&self, slots: &Arc<CallSlots>) -> Option<Arc<CallSlots>> {
        let held = self.permits.slot_of(slots)?;
        let mut lent = lock(&self.lent);
        if let Some(lent) = lent.iter().find(|lent| lent.is_same(slots)) {
            return Some(lent.clone());
        }
        let slot = held.lent();
        lent.push(slot.clone());
        Some(slot)
    }
}

/// Gives back what a call held, and continues the calls that waited for it. `here` may continue a call
/// itself.
///
/// On a runtime that shuts down a resumed call ends at once and releases others in turn. They queue in
/// this loop, so that a chain of calls needs no deep stack.
pub(crate) fn give_back(holding: Holding, here: &mut dyn FnMut(&Waiter, &By) -> Option<Resumed>) {
    let mut ended = VecDeque::new();
    let mut next = Some(holding);
    while let Some(holding) = next.take().or_else(|| ended.pop_front()) {
        let mut permits = match holding {
            Holding::Own(permits) => permits,
            Holding::Shared(within) => {
                within.end();
                // Calls within it hold it too: the last of them brings the permits here.
                let Some(within) = Arc::into_inner(within) else { continue };
                within.permits
            }
        };
        let parent = permits.release(&mut |waiter, by| {
            let resumed = here(&waiter, &by);
            match resumed.unwrap_or_else(|| waiter.batch.resume(waiter.index, by)) {
                Resumed::Continues => true,
                Resumed::Ended(holding) => {
                    ended.extend(holding);
                    true
                }
                Resumed::Gone => false,
            }
        });
        next = parent.map(Holding::Own);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> crate::sync::MutexGuard<'_, T> {
    // No user code runs under these locks, so a poisoned one is still in order.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
