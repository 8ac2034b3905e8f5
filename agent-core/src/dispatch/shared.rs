use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::batch::Ready;
use super::job::Job;
use super::lease::start;
use super::outcome::{Ending, drop_quietly};
use super::slots::Slots;
use crate::access::Access;
use crate::toolset::{Blocker, CallRef, Parked, Toolset, Waiting};

/// What a batch shares with its calls, which run as tasks of their own.
///
/// Each of the locks guards one thing, and no user code runs under any of them.
pub(super) struct Shared {
    pub(super) toolset: Toolset,
    pub(super) slots: Option<Arc<Slots>>,
    pub(super) runtime: Handle,
    pub(super) run: u64,
    pub(super) turn: u32,
    /// Calls that wait in the ledger.
    parked: Mutex<HashMap<usize, Box<Job>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    /// When each call was queued and when it began, once it has.
    began: Box<[OnceLock<(Instant, Instant)>]>,
    ended: Mutex<Vec<Ended>>,
    reported: Notify,
    /// Nothing more may start. Changed under the lock of `tasks`.
    over: AtomicBool,
}

/// The end of a call; without an ending it never started.
pub(super) struct Ended {
    pub(super) index: usize,
    pub(super) ending: Option<Ending>,
    pub(super) times: CallTimes,
}

/// When a call was queued, ran and ended, and for whom it waited last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallTimes {
    pub(crate) queued: Instant,
    pub(crate) started: Option<Instant>,
    pub(crate) ended: Instant,
    pub(crate) after: Option<Blocker>,
    /// What the tool declares; `None` if the call fits none.
    pub(crate) access: Option<Access>,
    /// Whether the tool says nothing of what it touches.
    pub(crate) silent: bool,
}

impl Shared {
    pub(super) fn new(
        toolset: &Toolset,
        slots: Option<&Arc<Slots>>,
        (run, turn): (u64, u32),
        calls: usize,
    ) -> Arc<Self> {
        Arc::new(Self {
            toolset: toolset.clone(),
            slots: slots.cloned(),
            runtime: Handle::current(),
            run,
            turn,
            parked: Mutex::default(),
            tasks: Mutex::new(Vec::with_capacity(calls)),
            began: std::iter::repeat_with(OnceLock::new).take(calls).collect(),
            ended: Mutex::new(Vec::with_capacity(calls)),
            reported: Notify::new(),
            over: AtomicBool::new(false),
        })
    }

    pub(super) fn call_ref(&self, index: usize) -> CallRef {
        CallRef { run: self.run, turn: self.turn, index }
    }

    /// Enters calls in the ledger, in this order, and starts those that nothing is in the way of.
    ///
    /// The ledger is locked once for all of them, and the tasks that end meanwhile wait less for it.
    pub(super) fn admit(self: &Arc<Self>, calls: &mut Vec<Ready<'_>>) {
        let mut ledger = None;
        let wait = |Ready { claims, keys, job }: &mut Ready<'_>| {
            if claims.is_empty() && keys.is_empty() {
                return false;
            }
            let park = || Parked { batch: self.clone(), index: job.index() };
            let ledger = ledger.get_or_insert_with(|| self.toolset.ledger());
            let claims = claims.iter().chain(&*keys).copied();
            let (ticket, free) = ledger.admit(claims, self.run, park);
            job.hold(ticket);
            !free
        };
        // Under the ledger's lock, so that nobody releases them before they are here.
        for Ready { job, .. } in calls.extract_if(.., wait) {
            lock(&self.parked).insert(job.index(), job);
        }
        drop(ledger);
        for Ready { job, .. } in calls.drain(..) {
            start(self, job);
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Notes that a call begins, which was queued at that time.
    pub(super) fn begin(&self, index: usize, queued: Instant, started: Instant) {
        if let Some(began) = self.began.get(index) {
            began.get_or_init(|| (queued, started));
        }
    }

    /// When a call was queued and when it began, if it has.
    pub(super) fn began(&self, index: usize) -> Option<(Instant, Instant)> {
        self.began.get(index)?.get().copied()
    }

    /// Keeps the handle of a call's task, and stops it if the batch is over by now.
    pub(super) fn keep(&self, task: JoinHandle<()>) {
        let mut tasks = lock(&self.tasks);
        if self.is_over() {
            task.abort();
        }
        tasks.push(task);
    }

    pub(super) fn report(&self, ended: Ended) {
        let mut all = lock(&self.ended);
        all.push(ended);
        let first = all.len() == 1;
        drop(all);
        // Whoever waits takes all that has ended, so the first wakes it for those after it too.
        if first {
            self.reported.notify_one();
        }
    }

    /// Takes the calls that have ended since.
    pub(super) fn ended(&self) -> Vec<Ended> {
        std::mem::take(&mut lock(&self.ended))
    }

    /// Ends when a call has ended that nobody has taken yet. Cancel-safe.
    pub(super) async fn reported(&self) {
        self.reported.notified().await;
    }

    /// Starts nothing more, stops what runs, and withdraws what waits.
    pub(super) fn close(self: &Arc<Self>) -> Vec<JoinHandle<()>> {
        let tasks = {
            let mut tasks = lock(&self.tasks);
            self.over.store(true, Ordering::Release);
            std::mem::take(&mut *tasks)
        };
        tasks.iter().filter(|task| !task.is_finished()).for_each(JoinHandle::abort);
        // Dropped outside of all locks: a body is the user's code, and its lease starts others.
        let parked = std::mem::take(&mut *lock(&self.parked));
        parked.into_values().for_each(drop_quietly);
        if let Some(slots) = &self.slots {
            let queued = slots.withdraw(|job| Arc::ptr_eq(job.shared(), self));
            queued.into_iter().for_each(drop_quietly);
        }
        tasks
    }
}

impl Waiting for Shared {
    fn release(self: Arc<Self>, index: usize, after: CallRef) {
        let job = lock(&self.parked).remove(&index);
        if let Some(mut job) = job {
            job.waited_for(Blocker::Call(after));
            start(&self, job);
        }
    }
}

/// A panic elsewhere leaves these lists in order, so a poisoned lock is as good as another.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
