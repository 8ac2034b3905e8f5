use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use super::batch::{Batch, Ready, TOGETHER};
use super::job::Job;
use super::lease::start;
use super::nested::Enclosing;
use super::news::{Board, Word};
use super::outcome::{Ending, drop_quietly};
use crate::log::run_id::RunId;
use crate::log::waited_for::WaitedFor;
use crate::schedule::ledger::{Ledger, Ticket};
use crate::schedule::queue::{CallRef, CallSlots, Parked, SharedLedger, Waiting};
use crate::schema::Access;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Handle, Instant, JoinHandle, Mutex, MutexGuard, sleep};
use crate::tool::context::{Batch as Surrounding, ParentCall};
use crate::toolset::Toolset;

/// What a batch shares with its calls, which run as tasks of their own.
///
/// Each of the locks guards one thing, and no user code runs under any of them.
pub(super) struct Shared {
    pub(super) toolset: Toolset,
    pub(super) slots: Option<Arc<CallSlots>>,
    pub(super) runtime: Handle,
    pub(super) run: RunId,
    pub(super) turn: u32,
    pub(super) attempt: u32,
    /// Calls that wait in the ledger or for a slot.
    parked: Mutex<HashMap<usize, Box<Job>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    /// How long others wait for the claims of a call that outlives its timeout.
    patience: Duration,
    /// What orders the calls: the toolset's ledger, or that of a call around them.
    ledger: SharedLedger,
    /// The call within which these run, if there is one.
    pub(super) around: Option<ParentCall>,
    /// How many calls are around these.
    pub(super) depth: usize,
    /// The call around these that is on the toolset's ledger.
    pub(super) enclosing: Option<Enclosing>,
    /// What orders the calls that run within some of these.
    within: Mutex<HashMap<usize, SharedLedger>>,
    /// When the batch began.
    epoch: Instant,
    calls: Box<[OfCall]>,
    pub(super) board: Board,
    /// Somebody wants to know when calls start, and how far they are.
    pub(super) watched: bool,
    /// Tells the calls that run that nobody waits for them much longer.
    stopping: OnceLock<CancellationToken>,
    /// Nothing more may start. Changed under the lock of `tasks`.
    over: AtomicBool,
}

/// What is known of a call while it runs.
#[derive(Default)]
struct OfCall {
    /// When it began, in nanoseconds after the batch and one more; 0 if it has not.
    began: AtomicU64,
    /// What it holds, if others may run within it.
    holds: OnceLock<Holds>,
    /// Tells it that it is stopped, and what runs within it.
    stopped: OnceLock<CancellationToken>,
}

/// What a call holds that has begun.
pub(super) struct Holds {
    pub(super) ticket: Option<Ticket>,
    /// Mostly none.
    pub(super) slots: Box<[Arc<CallSlots>]>,
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
    pub(crate) waited_for: Option<WaitedFor>,
    /// What the tool declares; `None` if the call fits none.
    pub(crate) access: Option<Access>,
}

impl Shared {
    pub(super) fn new(batch: &Batch<'_>, calls: usize) -> Arc<Self> {
        let Batch { toolset, slots, around, limits, watched, run, turn, attempt, .. } = *batch;
        let enclosing = Enclosing::on_ledger_of(toolset, around);
        let ledger = enclosing.as_ref().map(Enclosing::ledger_within);
        // What a call around them holds is theirs.
        let slots = slots.filter(|slots| !Enclosing::lends(slots, around));
        Arc::new(Self {
            toolset: toolset.clone(),
            patience: limits.call_timeout,
            ledger: ledger.unwrap_or_else(|| toolset.shared_ledger().clone()),
            around: around.cloned(),
            depth: Enclosing::depth(around),
            enclosing,
            within: Mutex::default(),
            slots: slots.cloned(),
            runtime: Handle::current(),
            run,
            turn,
            attempt,
            parked: Mutex::default(),
            tasks: Mutex::new(Vec::with_capacity(calls.min(TOGETHER))),
            epoch: Instant::now(),
            calls: std::iter::repeat_with(OfCall::default).take(calls).collect(),
            board: Board::new(calls.min(TOGETHER)),
            watched,
            stopping: OnceLock::new(),
            over: AtomicBool::new(false),
        })
    }

    pub(super) fn call_ref(&self, index: usize) -> CallRef {
        CallRef { run: self.run.number(), turn: self.turn, attempt: self.attempt, index }
    }

    /// A call that one of these waited for.
    fn waited_for(&self, CallRef { run, turn, attempt, index }: CallRef) -> WaitedFor {
        let number = index + 1;
        if run != self.run.number() {
            WaitedFor::OtherRun
        } else if turn != self.turn {
            WaitedFor::Earlier { turn, number }
        } else if attempt != self.attempt {
            WaitedFor::FailedAnswer
        } else {
            WaitedFor::Call(number)
        }
    }

    /// Enters calls in the ledger, in this order, and starts those that nothing is in the way of.
    ///
    /// The ledger is locked once for all of them, and the tasks that end meanwhile wait less for it.
    pub(super) fn admit(self: &Arc<Self>, calls: &mut Vec<Ready<'_>>) {
        let mut ledger = None;
        let wait = |ready: &mut Ready<'_>| {
            if ready.claims().next().is_none() {
                return false;
            }
            let park = || Parked { batch: self.clone(), index: ready.job.index() };
            let ledger = ledger.get_or_insert_with(|| self.ledger());
            let (ticket, free) = ledger.admit(ready.claims().copied(), self.run.number(), park);
            ready.job.hold(ticket);
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

    /// Keeps a call that queues for a slot.
    pub(super) fn queue(self: &Arc<Self>, mut job: Box<Job>) -> Parked {
        job.queues();
        let index = job.index();
        lock(&self.parked).insert(index, job);
        Parked { batch: self.clone(), index }
    }

    /// Answers those that wait for a call which outlived its timeout, each after some time, until it
    /// ends.
    pub(super) async fn answer_those_behind(self: Arc<Self>, ticket: Ticket, index: usize) {
        let patience = self.patience;
        loop {
            sleep(patience).await;
            let behind = self.ledger().behind(ticket);
            let Some(behind) = behind else { return };
            for Parked { batch, index: waits } in behind {
                batch.give_up(waits, patience, self.call_ref(index));
            }
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger<Parked>> {
        // No user code runs under the lock, so a poisoned one is still in order.
        lock(&self.ledger)
    }

    /// What orders the calls that run within a call.
    pub(super) fn ledger_within(&self, index: usize) -> SharedLedger {
        lock(&self.within).entry(index).or_default().clone()
    }

    /// Notes that a call begins; false if the batch is over, and it must not.
    ///
    /// The batch says first that it is over and then looks at what has begun, so one of the two sees
    /// the other: a call of which it says that it never started never does.
    pub(super) fn begin(&self, index: usize, started: Instant) -> bool {
        let after = started.saturating_duration_since(self.epoch).as_nanos();
        let began = u64::try_from(after).unwrap_or(u64::MAX - 1) + 1;
        let note = |began| {
            if let Some(call) = self.calls.get(index) {
                call.began.store(began, Ordering::SeqCst);
            }
        };
        if self.watched {
            // In one: whoever says that it is over, and then takes the news, finds both or neither.
            let mut begins = false;
            self.board.post(|news| {
                begins = !self.is_over();
                if begins {
                    note(began);
                    news.add(Word::Started(index));
                }
            });
            return begins;
        }
        note(began);
        if self.is_over() {
            note(0);
            return false;
        }
        true
    }

    /// When a call began, if it has, and when it was queued at the earliest.
    pub(super) fn began(&self, index: usize) -> Option<(Instant, Instant)> {
        let after = self.calls.get(index)?.began.load(Ordering::SeqCst).checked_sub(1)?;
        Some((self.epoch, self.epoch + Duration::from_nanos(after)))
    }

    /// Notes what a call holds within which others may run.
    pub(super) fn hold(&self, index: usize, holds: Holds) {
        if let Some(call) = self.calls.get(index) {
            call.holds.get_or_init(|| holds);
        }
    }

    /// What a call holds within which others may run.
    pub(super) fn held_by(&self, index: usize) -> Option<&Holds> {
        self.calls.get(index)?.holds.get()
    }

    /// Keeps the handle of a call's task, and stops it if the batch is over by now.
    pub(super) fn keep(&self, task: JoinHandle<()>) {
        let mut tasks = lock(&self.tasks);
        if self.is_over() {
            task.abort();
        }
        // A handle keeps its task's memory: full is a good moment to let go of those that have ended.
        if tasks.len() == tasks.capacity() {
            tasks.retain(|task| !task.is_finished());
            let running = tasks.len();
            tasks.reserve(running);
        }
        tasks.push(task);
    }

    pub(super) fn report(&self, ended: Ended) {
        self.board.post(|news| news.add(Word::Ended(ended)));
    }

    /// Cancelled when this call is stopped, or all are.
    pub(super) fn token_of(&self, index: usize) -> CancellationToken {
        let all = || self.stopping.get_or_init(CancellationToken::new).child_token();
        match self.calls.get(index) {
            Some(call) => call.stopped.get_or_init(all).clone(),
            None => all(),
        }
    }

    /// Starts nothing more; what runs goes on, until somebody [closes](Self::close).
    pub(super) fn start_nothing(&self) {
        let tasks = lock(&self.tasks);
        self.over.store(true, Ordering::SeqCst);
        drop(tasks);
    }

    /// Starts nothing more, tells what runs, and withdraws what waits.
    pub(super) fn shut(self: &Arc<Self>) {
        self.start_nothing();
        // Also for those who ask for it later.
        self.stopping.get_or_init(CancellationToken::new).cancel();
        // Before the calls are taken: what has seen that the batch is over queues no more.
        let limited = self.toolset.slots().chain(self.slots.as_ref());
        limited.for_each(|slots| slots.withdraw(|parked| parked.is_of(self)));
        // Dropped outside of all locks: a body is the user's code, and its lease starts others.
        let parked = std::mem::take(&mut *lock(&self.parked));
        let mut parked: Vec<_> = parked.into_values().collect();
        // A map of hashes has another order each time, and so would have all that follows.
        parked.sort_unstable_by_key(|job| job.index());
        parked.into_iter().for_each(drop_quietly);
    }

    /// Starts nothing more, stops what runs, and withdraws what waits.
    pub(super) fn close(self: &Arc<Self>) -> Vec<JoinHandle<()>> {
        self.start_nothing();
        let tasks = std::mem::take(&mut *lock(&self.tasks));
        tasks.iter().filter(|task| !task.is_finished()).for_each(JoinHandle::abort);
        self.shut();
        tasks
    }
}

impl Surrounding for Shared {
    fn stopped(&self, index: usize) -> CancellationToken {
        self.token_of(index)
    }

    fn progress(&self, index: usize, text: String) {
        if self.watched {
            self.board.post(|news| news.add(Word::Progress(index, text)));
        }
    }
}

impl Waiting for Shared {
    fn release(self: Arc<Self>, index: usize, after: CallRef) {
        let job = lock(&self.parked).remove(&index);
        if let Some(mut job) = job {
            job.waited_for(self.waited_for(after));
            start(&self, job);
        }
    }

    fn give_up(self: Arc<Self>, index: usize, waited: Duration, after: CallRef) {
        // Looked at where it stands: whoever releases it meanwhile has to find it there.
        let mut parked = lock(&self.parked);
        let is_due = parked.get(&index).is_some_and(|job| job.queued().elapsed() >= waited);
        let job = if is_due { parked.remove(&index) } else { None };
        drop(parked);
        let Some(mut job) = job else { return };
        let after = self.waited_for(after);
        let whom = match after {
            WaitedFor::Call(number) => format!("call #{number} of this response"),
            _ => "an earlier call".to_owned(),
        };
        job.waited_for(after);
        job.end(Some(Ending::not_run(&format!(
            "still busy with {whom}, which timed out and has not ended; try again later"
        ))));
    }

    fn give_slot(self: Arc<Self>, index: usize, slots: &Arc<CallSlots>) -> bool {
        let job = lock(&self.parked).remove(&index);
        let Some(mut job) = job else { return false };
        job.take_slot(slots.clone());
        start(&self, job);
        true
    }
}

/// A panic elsewhere leaves these lists in order, so a poisoned lock is as good as another.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
