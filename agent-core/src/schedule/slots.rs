//! How many calls run at the same time: of an agent, or of a tool.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use crate::sync::{Mutex, MutexGuard};

/// So many calls at the same time; the others queue in the order of readiness. `P` is whatever waits.
pub(crate) struct Slots<P> {
    queue: Mutex<Queue<P>>,
}

struct Queue<P> {
    free: usize,
    ready: VecDeque<P>,
}

impl<P> Slots<P> {
    pub(crate) fn new(slots: usize) -> Arc<Self> {
        let queue = Queue { free: slots.max(1), ready: VecDeque::new() };
        Arc::new(Self { queue: Mutex::new(queue) })
    }

    /// Takes a slot; if none is free, what `queue` makes of the call waits for one, if it makes
    /// something.
    pub(crate) fn take(&self, queue: impl FnOnce() -> Option<P>) -> bool {
        let mut all = self.lock();
        if all.free > 0 {
            all.free -= 1;
            return true;
        }
        all.ready.extend(queue());
        false
    }

    /// Hands a slot on to who waits longest; without one it is free.
    pub(crate) fn hand_on(&self) -> Option<P> {
        let mut queue = self.lock();
        let next = queue.ready.pop_front();
        if next.is_none() {
            queue.free += 1;
        }
        next
    }

    /// Takes those out of the queue that wait no more.
    pub(crate) fn withdraw(&self, is_over: impl Fn(&P) -> bool) {
        self.lock().ready.retain(|waiting| !is_over(waiting));
    }

    fn lock(&self) -> MutexGuard<'_, Queue<P>> {
        // No user code runs under the lock, so a poisoned one is still in order.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
