//! How many calls run at the same time: of an agent, or of a tool.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use crate::sync::{Mutex, MutexGuard};

/// Permits for a number of calls at the same time. Calls that find none free queue in the order in
/// which they became ready; `P` names such a call.
pub(crate) struct Slots<P> {
    queue: Mutex<Queue<P>>,
    /// The slots that a call holds and lends to the calls within it.
    lent_from: Option<Arc<Self>>,
}

struct Queue<P> {
    all: usize,
    free: usize,
    /// Slots of bodies that were stopped and have not returned.
    stuck: usize,
    ready: VecDeque<P>,
}

impl<P> Slots<P> {
    pub(crate) fn new(slots: usize) -> Arc<Self> {
        Arc::new(Self::of(slots.max(1), None))
    }

    /// One slot, lent by a call that holds one of these to the calls within it.
    pub(crate) fn lent(self: &Arc<Self>) -> Arc<Self> {
        Arc::new(Self::of(1, Some(self.origin().clone())))
    }

    fn of(all: usize, lent_from: Option<Arc<Self>>) -> Self {
        let queue = Queue { all, free: all, stuck: 0, ready: VecDeque::new() };
        Self { queue: Mutex::new(queue), lent_from }
    }

    fn origin(self: &Arc<Self>) -> &Arc<Self> {
        self.lent_from.as_ref().unwrap_or(self)
    }

    /// Whether both count the calls of one agent, or of one tool; a slot that is lent on counts there too.
    pub(crate) fn is_same(self: &Arc<Self>, other: &Arc<Self>) -> bool {
        Arc::ptr_eq(self.origin(), other.origin())
    }

    /// Takes a slot. If none is free, the call that `waiter` returns queues for one.
    pub(crate) fn take(&self, waiter: impl FnOnce() -> Option<P>) -> bool {
        let mut queue = self.lock();
        if queue.free > 0 {
            queue.free -= 1;
            return true;
        }
        queue.ready.extend(waiter());
        false
    }

    /// Passes a slot to the call that waits longest; without one it is free again.
    pub(crate) fn pass_on(&self) -> Option<P> {
        let mut queue = self.lock();
        let next = queue.ready.pop_front();
        if next.is_none() {
            queue.free += 1;
        }
        next
    }

    /// Frees a slot without passing it on, because the call that had it queues for another one. Only then
    /// [`next`](Self::next) is asked: a call that gets the other slot meanwhile finds this one free, and two
    /// slots cannot be passed around for ever among calls that need both.
    pub(crate) fn put_back(&self) {
        self.lock().free += 1;
    }

    /// Takes a free slot for the call that waits longest.
    pub(crate) fn next(&self) -> Option<P> {
        let mut queue = self.lock();
        if queue.free == 0 {
            return None;
        }
        let next = queue.ready.pop_front()?;
        queue.free -= 1;
        Some(next)
    }

    /// Notes that the body which holds a slot was stopped and has not returned; or that it has now.
    pub(crate) fn set_stuck(&self, stuck: bool) {
        let mut queue = self.lock();
        queue.stuck = if stuck { queue.stuck + 1 } else { queue.stuck.saturating_sub(1) };
    }

    /// Whether bodies that were stopped and have not returned hold all slots.
    pub(crate) fn are_stuck(&self) -> bool {
        let queue = self.lock();
        queue.stuck >= queue.all
    }

    /// Removes calls that wait no longer.
    pub(crate) fn withdraw(&self, is_over: impl Fn(&P) -> bool) {
        let mut queue = self.lock();
        // The removed calls are dropped after the unlock: a drop can run code that takes this lock.
        let (over, ready) = queue.ready.drain(..).partition(is_over);
        queue.ready = ready;
        drop(queue);
        let _: VecDeque<P> = over;
    }

    fn lock(&self) -> MutexGuard<'_, Queue<P>> {
        // No user code runs under the lock, so a poisoned one is still in order.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
