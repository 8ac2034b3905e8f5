use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::job::Job;
use crate::toolset::Blocker;

/// How many calls of an agent run at the same time; the others queue in the order of readiness.
pub(crate) struct Slots {
    queue: Mutex<Queue>,
}

struct Queue {
    free: usize,
    ready: VecDeque<Box<Job>>,
}

impl Slots {
    pub(crate) fn new(slots: usize) -> Arc<Self> {
        let queue = Queue { free: slots.max(1), ready: VecDeque::new() };
        Arc::new(Self { queue: Mutex::new(queue) })
    }

    /// Takes a slot for the call, and gives it back to be started, or queues it.
    pub(super) fn take(&self, mut job: Box<Job>) -> Option<Box<Job>> {
        let mut queue = self.lock();
        // A batch that is over has withdrawn its calls from here; to start it drops this one too.
        if job.shared().is_over() {
            return Some(job);
        }
        if queue.free == 0 {
            job.waited_for(Blocker::Slot);
            queue.ready.push_back(job);
            return None;
        }
        queue.free -= 1;
        job.take_slot();
        Some(job)
    }

    /// Hands a slot on to the next call in the queue, if there is one.
    pub(super) fn hand_on(&self) -> Option<Box<Job>> {
        let mut queue = self.lock();
        let Some(mut job) = queue.ready.pop_front() else {
            queue.free += 1;
            return None;
        };
        job.take_slot();
        Some(job)
    }

    /// Takes those out of the queue whose batch is over.
    pub(super) fn withdraw(&self, is_over: impl Fn(&Job) -> bool) -> VecDeque<Box<Job>> {
        let mut queue = self.lock();
        let all = std::mem::take(&mut queue.ready);
        let (over, stay) = all.into_iter().partition(|job| is_over(job));
        queue.ready = stay;
        over
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        // No user code runs under the lock, so a poisoned one is still in order.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
