use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::task::Ready;

/// How many calls of an agent run at the same time; the others queue in the order of readiness.
pub(crate) struct Slots {
    queue: Mutex<Queue>,
}

struct Queue {
    free: usize,
    ready: VecDeque<Ready>,
}

impl Slots {
    pub(crate) fn new(slots: usize) -> Arc<Self> {
        let queue = Queue { free: slots.max(1), ready: VecDeque::new() };
        Arc::new(Self { queue: Mutex::new(queue) })
    }

    /// Takes a slot for the call, and gives it back to be started, or queues it.
    pub(super) fn take(&self, ready: Ready) -> Option<Ready> {
        let mut queue = self.lock();
        if queue.free == 0 {
            queue.ready.push_back(ready);
            return None;
        }
        queue.free -= 1;
        Some(ready.holding_a_slot())
    }

    /// Hands a slot on to the next call in the queue, if there is one.
    pub(super) fn hand_on(&self) -> Option<Ready> {
        let mut queue = self.lock();
        let next = queue.ready.pop_front();
        if next.is_none() {
            queue.free += 1;
        }
        next.map(Ready::holding_a_slot)
    }

    /// Takes those out of the queue whose batch is over.
    pub(super) fn withdraw(&self, is_over: impl Fn(&Ready) -> bool) -> Vec<Ready> {
        let mut queue = self.lock();
        let all = std::mem::take(&mut queue.ready);
        let (over, stay): (VecDeque<_>, _) = all.into_iter().partition(is_over);
        queue.ready = stay;
        over.into()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        // No user code runs under the lock, so a poisoned one is still in order.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
