//! The table of a batch: its state behind one lock, and what is done after each unlock.
//!
//! Locks are taken in this order: the body of one call, the table, then a ledger or slots. No code of
//! the user, no drop of its values and no abort of a task runs under the last three.

use std::sync::{Arc, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use crate::dispatch::ending::{Ending, drop_quietly};
use crate::dispatch::over::{Over, Summary};
use crate::dispatch::prepare::{self, CallMeta, Cover, Prepared};
use crate::dispatch::row::{CallEvent, EndedHere, Offered};
use crate::dispatch::rules::Rules;
use crate::dispatch::state::BatchState;
use crate::dispatch::task::{CallTask, Owner, Spawned};
use crate::log::event::Event;
use crate::log::step::{Emit, Step};
use crate::log::waited_for::WaitedFor;
use crate::schedule::claim::Claim;
use crate::schedule::queue::{By, Holding, Permits, Resumed, SharedLedger, Waiter, Waits, Within};
use crate::sync::{Instant, Mutex, MutexGuard};
use crate::tool::context::parent::ParentCall;
use crate::transcript::{ToolCall, Usage};

pub(super) struct CallTable {
    pub(super) rules: Rules,
    /// Orders the calls: the toolset's ledger, or that of an outer call.
    pub(super) ledger: SharedLedger,
    /// What the calls may use, if they run within another one.
    cover: Option<Cover>,
    /// What the call holds within which they run. Only they keep it, so that a task which outlives its
    /// call holds nothing.
    within: Option<Weak<Within>>,
    /// The parent of the tokens of all calls.
    pub(super) stopping: OnceLock<CancellationToken>,
    state: Mutex<BatchState>,
}

/// How far an admitted call has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// It has all that it needs.
    Ready,
    Waits,
    /// It was stopped.
    Gone,
    /// The call within which it was to run has ended.
    Late,
}

impl CallTable {
    pub(super) fn new(rules: Rules, calls: usize) -> Arc<Self> {
        let (mut ledger, mut cover, mut within) = (None, None, None);
        if let Some(parent) = &rules.parent {
            let outer = parent.on_ledger(rules.toolset.shared_ledger());
            let outer = outer.map(ParentCall::within);
            let claims = outer
                .as_ref()
                .map(|outer| outer.as_ref().map(|outer| outer.claims.clone()).unwrap_or_default());
            ledger = outer.flatten().map(|outer| outer.ledger().clone());
            let (may_write, depth) = (parent.may_write(), parent.depth());
            cover = Some(Cover { claims, may_write, depth });
            within = Some(parent.within().as_ref().map(Arc::downgrade).unwrap_or_default());
        }
        let ledger = ledger.unwrap_or_else(|| rules.toolset.shared_ledger().clone());
        let state = Mutex::new(BatchState::new(calls, rules.watched));
        let stopping = OnceLock::new();
        Arc::new(Self { rules, ledger, cover, within, stopping, state })
    }

    pub(super) fn prepare(
        &self,
        index: usize,
        call: &ToolCall,
        queued: Instant,
    ) -> Result<Prepared, Ending> {
        let token = || self.token(index);
        prepare::prepare(&self.rules, self.cover.as_ref(), (index, call), queued, token)
    }

    /// Enters calls in the ledger, in this order and after all that were admitted before. `each` takes what
    /// became of each.
    ///
    /// The ledger is locked once for all, so that the calls of another run are admitted before all of these
    /// or after all of them.
    pub(super) fn admit(
        self: &Arc<Self>,
        calls: &mut Vec<(usize, Prepared)>,
        mut each: impl FnMut(usize, Reached),
    ) {
        let within = self.within.as_ref().map(Weak::upgrade);
        if let Some(None) = within {
            for (index, call) in calls.drain(..) {
                drop_quietly(call);
                each(index, Reached::Late);
            }
            return;
        }
        let within = within.flatten();
        let mut state = self.lock();
        let mut ledger = None;
        let run = self.rules.run.number();
        let mut free = Vec::with_capacity(calls.len());
        for (index, call) in calls.drain(..) {
            let mut permits = Permits::new(self.rules.call_ref(index), within.clone());
            let tool = self.rules.toolset.tool(call.meta.tool);
            let mut is_free = true;
            if self.rules.toolset.orders(tool) {
                let ledger = ledger.get_or_insert_with(|| lock(&self.ledger));
                let claims = tool.claims.iter().chain(&call.keys).copied();
                let waiter = || Waiter { batch: self.clone(), index };
                let ticket;
                (ticket, is_free) = ledger.admit(claims, run, waiter);
                permits.add_ticket(&self.ledger, ticket);
            }
            state.queue(index, call, Holding::Own(permits));
            if is_free {
                free.push(index);
            }
        }
        // Slots have locks of their own, which are not taken under that of the ledger.
        drop(ledger);
        let mut displaced = Vec::new();
        for index in free {
            let (became, slots) = self.take_slots(&mut state, index);
            each(index, became);
            displaced.extend(slots);
        }
        drop(state);
        displaced.into_iter().for_each(Holding::release);
    }

    /// Takes the slots that a call lacks, or queues for one of them.
    ///
    /// A call that queues holds no slot meanwhile: a call within another one could wait for that slot, while
    /// the outer call holds the slot for which this one waits. Those that it had are returned.
    fn take_slots(
        self: &Arc<Self>,
        state: &mut BatchState,
        index: usize,
    ) -> (Reached, Option<Holding>) {
        let Some(row) = state.queued(index) else { return (Reached::Gone, None) };
        let (Some(call), Some(Holding::Own(permits))) = (&row.prepared, &mut row.holding) else {
            debug_assert!(false, "nothing runs within a call that has not begun");
            return (Reached::Gone, None);
        };
        let tool_has_slots = self.rules.toolset.tool(call.meta.tool).slots.is_some();
        for (at, slots) in call.slots.iter().enumerate() {
            if permits.slot_of(slots).is_some() {
                continue;
            }
            let waiter = || Some(Waiter { batch: self.clone(), index });
            if !slots.take(waiter) {
                let of_tool = at == 0 && tool_has_slots;
                row.waited_for = Some(if of_tool { WaitedFor::ToolSlot } else { WaitedFor::Slot });
                return (Reached::Waits, permits.put_slots_back());
            }
            permits.add_slot(slots.clone());
        }
        state.ready(index);
        (Reached::Ready, None)
    }

    /// A queued call got something for which it waited.
    pub(super) fn accept(self: &Arc<Self>, index: usize, by: &By) -> (Reached, Option<Holding>) {
        let mut state = self.lock();
        let Some(row) = state.queued(index) else { return (Reached::Gone, None) };
        match by {
            By::Ledger(call) => {
                row.waited_for = Some(self.rules.waited_for(*call));
                if call.is_sibling(&self.rules.call_ref(index)) {
                    row.follows = Some(call.index);
                }
            }
            By::Slot(slots) => {
                if let Some(Holding::Own(permits)) = &mut row.holding {
                    permits.add_slot(slots.clone());
                }
            }
        }
        self.take_slots(&mut state, index)
    }

    /// Hands a ready call to a task or a thread.
    pub(super) fn launch(self: &Arc<Self>, index: usize) -> Resumed {
        let mut state = self.lock();
        let Some(call) = state.launch(index, None) else { return Resumed::Gone };
        let task = CallTask::new(self.clone(), index, call);
        state.set_task(index, task.clone());
        drop(state);
        self.spawn(index, &task, None)
    }

    /// Spawns the body of a call that waited in the driver's poll.
    pub(super) fn detach(self: &Arc<Self>, index: usize, call: Prepared, since: Instant) {
        let task = CallTask::new(self.clone(), index, call);
        self.lock().set_task(index, task.clone());
        if let Resumed::Ended(Some(holding)) = self.spawn(index, &task, Some(since)) {
            holding.release();
        }
    }

    fn spawn(
        self: &Arc<Self>,
        index: usize,
        task: &Arc<CallTask>,
        since: Option<Instant>,
    ) -> Resumed {
        match task.spawn(&self.rules.runtime, since) {
            Spawned::Runs(handle) => {
                // A call that was stopped meanwhile has lost its body to whoever stopped it. After the unlock,
                // because an abort can drop a future in place.
                let ended = self.lock().set_abort(index, handle);
                if let Some(handle) = ended {
                    handle.abort();
                }
                Resumed::Continues
            }
            Spawned::Dropped(holding) => Resumed::Ended(holding),
        }
    }

    /// Takes a ready call that the driver polls itself.
    pub(super) fn start_here(&self, index: usize, now: Instant) -> Option<Prepared> {
        self.lock().launch(index, Some(now))
    }

    /// Enters a call that runs already.
    pub(super) fn open_running(&self, meta: CallMeta, permits: Permits) {
        self.lock().open_running(meta, Holding::Own(permits));
    }

    pub(super) fn end_here(&self, index: usize, fatal: bool) -> EndedHere {
        self.lock().end_here(index, fatal).unwrap_or_default()
    }

    /// What a call waited for, and which earlier call of the response it follows.
    pub(super) fn waits(&self, index: usize) -> (Option<WaitedFor>, Option<usize>) {
        self.lock().get(index).map(|row| (row.waited_for, row.follows)).unwrap_or_default()
    }

    pub(super) fn note_approval(&self, index: usize) {
        self.lock().row(index).waited_for = Some(WaitedFor::Approval);
    }

    pub(super) fn note_follows(&self, index: usize, earlier: Option<usize>) {
        self.lock().row(index).follows = earlier;
    }

    pub(super) fn meta(&self, index: usize) -> Option<CallMeta> {
        self.lock().get(index)?.meta
    }

    pub(super) fn take_ending(&self, index: usize) -> Option<(Option<Ending>, Summary)> {
        self.lock().take_ending(index)
    }

    pub(super) fn take_offered(&self, index: usize) -> Offered {
        self.lock().take_offered(index)
    }

    pub(super) fn refuse(&self, index: usize, ending: Ending) {
        self.lock().refuse(index, ending);
    }

    pub(super) fn keep_early(&self, index: usize, over: Over) {
        self.lock().keep_early(index, over);
    }

    pub(super) fn take_nested(&self, index: usize) -> Option<Event> {
        self.lock().take_nested(index)
    }

    pub(super) fn take_progress(&self, index: usize) -> Option<String> {
        self.lock().take_progress(index)
    }

    /// Emits what the runs within the calls have used.
    pub(super) fn emit_usage(&self, log: &mut Emit<'_>) {
        let usage = self.lock().take_usage();
        if usage != Usage::default() {
            log(&Step::NestedUsage { usage });
        }
    }

    pub(super) fn take_mail(&self, empty: &mut Vec<CallEvent>) {
        self.lock().take_mail(empty);
    }

    /// Ready when something has happened.
    pub(super) fn poll_mail(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_until(cx, BatchState::has_mail)
    }

    /// Ready when no other thread polls a body that was stopped.
    pub(super) fn poll_lingering(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_until(cx, |state| !state.is_lingering())
    }

    fn poll_until(&self, cx: &mut Context<'_>, is: impl Fn(&BatchState) -> bool) -> Poll<()> {
        let state = self.lock();
        if is(&state) {
            return Poll::Ready(());
        }
        if state.has_waker(cx.waker()) {
            return Poll::Pending;
        }
        drop(state);
        // To clone or drop a waker is foreign code, so neither runs under the lock.
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if is(&state) {
            drop(state);
            return Poll::Ready(());
        }
        let old = state.set_waker(waker);
        drop(state);
        drop(old);
        Poll::Pending
    }

    pub(super) fn has_queued(&self) -> bool {
        self.lock().has_queued()
    }

    /// When the next queued call will have waited this long. Calls that have are looked at again after the
    /// same time.
    pub(super) fn next_check(&self, patience: Duration, now: Instant) -> Option<Instant> {
        let state = self.lock();
        let again = now.checked_add(patience)?;
        let due = |queued: Instant| queued.checked_add(patience).filter(|due| *due > now);
        let checks = state.queue_of_calls().filter_map(|(_, row)| Some(row.meta?.queued));
        Some(checks.map(|queued| due(queued).unwrap_or(again)).min().unwrap_or(again))
    }

    pub(super) fn claims<'a>(
        &'a self,
        call: &'a Prepared,
    ) -> impl Iterator<Item = Claim> + Clone + use<'a> {
        let tool = self.rules.toolset.tool(call.meta.tool);
        tool.claims.iter().chain(&call.keys).copied()
    }

    /// Nothing starts from now on; what runs goes on.
    pub(super) fn end_all_starts(&self) {
        self.lock().end_all_starts();
    }

    /// Cancelled when this call is stopped, or all are.
    pub(super) fn token(&self, index: usize) -> CancellationToken {
        let all = self.stopping.get_or_init(CancellationToken::new);
        let mut state = self.lock();
        state.row(index).token.get_or_insert_with(|| all.child_token()).clone()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, BatchState> {
        // No user code runs under the lock, so a poisoned one is still in order.
        lock(&self.state)
    }
}

impl Waits for CallTable {
    fn resume(self: Arc<Self>, index: usize, by: By) -> Resumed {
        let (became, displaced) = self.accept(index, &by);
        match became {
            Reached::Ready => match self.launch(index) {
                // It was stopped since. It holds what it got, and whoever stopped it gives that back.
                Resumed::Gone => Resumed::Continues,
                resumed => resumed,
            },
            Reached::Waits => Resumed::Ended(displaced),
            Reached::Gone | Reached::Late => Resumed::Gone,
        }
    }
}

impl Owner for CallTable {
    fn begin(&self, index: usize, now: Instant) -> bool {
        let (begins, waker) = self.lock().begin(index, now);
        wake(waker);
        begins
    }

    fn end(&self, index: usize, ending: Option<Ending>, ended: Instant) -> Option<Holding> {
        let mut state = self.lock();
        let (posted, dropped) = state.end(index, ending, ended);
        let (holding, lingered) = state.release(index);
        drop(state);
        drop_quietly(dropped);
        wake(posted.or(lingered));
        holding
    }

    fn time_out(&self, index: usize, timeout: Duration) {
        let mut state = self.lock();
        let timed_out = |meta: &CallMeta, _| Some(Ending::timed_out(timeout, meta.access));
        let Some(stopped) = state.stop(index, timed_out, Instant::now()) else { return };
        state.outlives(index);
        drop(state);
        wake(stopped.waker);
    }

    fn cancel(&self, index: usize) {
        self.token(index).cancel();
    }

    fn as_parent(self: Arc<Self>, index: usize) -> ParentCall {
        ParentCall::new(self, index)
    }

    fn report_blocking(&self, tool: usize, polled_for: Duration) {
        self.rules.toolset.tool(tool).report_blocking(polled_for);
    }
}

pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
