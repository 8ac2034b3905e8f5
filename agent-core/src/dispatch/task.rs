//! The body of a call that waited in its first poll, or that runs on a thread.

use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::Duration;

use crate::dispatch::ending::{Ending, drop_quietly};
use crate::dispatch::prepare::{CallMeta, Prepared};
use crate::schedule::queue::Holding;
use crate::sync::thread::{self, Thread};
use crate::sync::{
    AbortHandle, Handle, Instant, Mutex, MutexGuard, Sleep, spawn_blocking, timer_on,
};
use crate::tool::context::ToolContext;
use crate::tool::context::claim_point::outside_of_preparation;
use crate::tool::context::parent::{ParentCall, Scope};
use crate::tool::meta::CallFuture;

/// The batch of a task's call.
pub(super) trait Owner: Send + Sync {
    /// The first instruction of the body comes next; false if it must not run any more.
    fn begin(&self, index: usize, now: Instant) -> bool;

    /// The body is gone: reports the ending, unless the call has one, and returns what the call held.
    /// Without an ending the body never began.
    fn end(&self, index: usize, ending: Option<Ending>, ended: Instant) -> Option<Holding>;

    /// The time of a call on a thread is over; its body goes on and keeps what it holds.
    fn time_out(&self, index: usize, timeout: Duration);

    /// Cancels the token of a call.
    fn cancel(&self, index: usize);

    /// The call as the parent of what its body runs.
    fn as_parent(self: Arc<Self>, index: usize) -> ParentCall;

    /// Reports an async body that blocked its thread in one poll.
    fn report_blocking(&self, tool: usize, took: Duration);
}

const NO_THREAD: &str = "there was no thread for the blocking tool";

const NO_TIMER: &str = "the call has a timeout, and the runtime no timer";

/// So long may one poll of an async body take before it is reported.
pub(super) const BLOCKS: Duration = Duration::from_millis(10);

pub(super) struct CallTask {
    owner: Arc<dyn Owner>,
    index: usize,
    meta: CallMeta,
    context: Option<ToolContext>,
    span: tracing::Span,
    /// Locked while it is polled; taken by whoever drops it. That one gives back what the call holds, and
    /// nobody else does.
    body: Mutex<Option<CallFuture>>,
    /// The call was stopped: no further poll begins. Set before the body is looked at, and read under its
    /// lock: a poller that finds it unset was in the middle of its poll when the call was stopped.
    stopped: AtomicBool,
    spawn: Mutex<Spawn>,
}

/// A runtime that shuts down drops a future while it is spawned. What its call held is left here then,
/// for the spawner to give back in a loop instead of a recursion.
enum Spawn {
    Before,
    Dropped(Option<Holding>),
    Done,
}

/// What came of a spawn.
pub(super) enum Spawned {
    Runs(AbortHandle),
    Dropped(Option<Holding>),
}

impl CallTask {
    pub(super) fn new(owner: Arc<dyn Owner>, index: usize, call: Prepared) -> Arc<Self> {
        let Prepared { meta, body, context, span, .. } = call;
        let (body, spawn) = (Mutex::new(Some(body)), Mutex::new(Spawn::Before));
        let stopped = AtomicBool::new(false);
        Arc::new(Self { owner, index, meta, context, span, body, stopped, spawn })
    }

    /// Spawns the body, or runs it on a thread that may block; `since` is when it began, if it was polled
    /// before.
    pub(super) fn spawn(self: &Arc<Self>, runtime: &Handle, since: Option<Instant>) -> Spawned {
        if !self.meta.on_thread {
            let drive = Drive { task: self.clone(), scope: None, since, sleep: None, over: false };
            return self.spawned(runtime.spawn(drive).abort_handle());
        }
        let work = OnThread { task: self.clone(), runtime: runtime.clone(), began: false };
        // Tokio panics if the system gives it no thread.
        let spawned =
            catch_unwind(AssertUnwindSafe(|| spawn_blocking(runtime, move || work.run())));
        match spawned {
            Ok(handle) => self.spawned(handle.abort_handle()),
            Err(panic) => {
                drop_quietly(panic);
                // The closure may still be queued there: it finds the body gone.
                let holding = self.gone_with(Some(Ending::failed(NO_THREAD)));
                let left = match mem::replace(&mut *lock(&self.spawn), Spawn::Done) {
                    Spawn::Dropped(holding) => holding,
                    Spawn::Before | Spawn::Done => None,
                };
                Spawned::Dropped(holding.or(left))
            }
        }
    }

    fn spawned(&self, handle: AbortHandle) -> Spawned {
        match mem::replace(&mut *lock(&self.spawn), Spawn::Done) {
            Spawn::Dropped(holding) => Spawned::Dropped(holding),
            Spawn::Before | Spawn::Done => Spawned::Runs(handle),
        }
    }

    /// Takes the body to drop it, if no thread has it now.
    pub(super) fn try_take(&self) -> TryTake {
        self.stopped.store(true, Ordering::SeqCst);
        let Ok(mut body) = self.body.try_lock() else { return TryTake::Polled };
        match body.take() {
            Some(body) => TryTake::Taken(body),
            None => TryTake::OnThread,
        }
    }

    /// The body is dropped without a result, if it is still here; what the call held.
    fn gone(&self, began: bool) -> Option<Holding> {
        let ending = began.then(|| Ending::interrupted(self.meta.access));
        if began {
            self.owner.cancel(self.index);
        }
        self.gone_with(ending)
    }

    fn gone_with(&self, ending: Option<Ending>) -> Option<Holding> {
        let body = lock(&self.body).take()?;
        drop_quietly(body);
        self.owner.end(self.index, ending, Instant::now())
    }

    /// After the drop of a future: gives back what its call held, or leaves it to the spawner.
    fn dropped(&self, began: bool) {
        let holding = self.gone(began);
        self.leave(holding);
    }

    fn leave(&self, holding: Option<Holding>) {
        let Some(holding) = holding else { return };
        let mut spawn = lock(&self.spawn);
        if matches!(*spawn, Spawn::Before) {
            *spawn = Spawn::Dropped(Some(holding));
        } else {
            drop(spawn);
            holding.release();
        }
    }

    fn start(&self, now: Instant) -> bool {
        let begins = self.owner.begin(self.index, now);
        if begins && let Some(context) = &self.context {
            context.start(now.checked_add(self.meta.timeout), self.as_parent());
        }
        begins
    }

    fn as_parent(&self) -> ParentCall {
        self.owner.clone().as_parent(self.index)
    }

    fn record_times(&self, began: Instant, ended: Instant) {
        record_times(&self.span, self.meta.queued, began, ended);
    }
}

/// What was found of a body that is to be dropped.
pub(super) enum TryTake {
    Taken(CallFuture),
    /// A thread polls it now, and drops it when it returns.
    Polled,
    /// A blocking thread runs it to its end.
    OnThread,
}

/// Polls a body once, as a part of its call.
pub(super) fn poll_body(
    body: &mut CallFuture,
    scope: &mut Option<Scope>,
    span: &tracing::Span,
    cx: &mut Context<'_>,
) -> Poll<Ending> {
    let _entered = span.enter();
    let poll = || outside_of_preparation(|| body.as_mut().poll(cx));
    match catch_unwind(AssertUnwindSafe(|| Scope::run(scope, poll))) {
        Ok(polled) => polled.map(Ending::of),
        Err(panic) => Poll::Ready(Ending::panicked(panic)),
    }
}

pub(super) fn record_times(span: &tracing::Span, queued: Instant, began: Instant, ended: Instant) {
    // A disabled span would look for its fields by their names.
    if !span.is_disabled() {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        span.record("queued_ms", ms(began.saturating_duration_since(queued)));
        span.record("ran_ms", ms(ended.saturating_duration_since(began)));
    }
}

/// What the runtime polls.
struct Drive {
    task: Arc<CallTask>,
    scope: Option<Scope>,
    since: Option<Instant>,
    /// Made when the body first waits here.
    sleep: Option<Pin<Box<Sleep>>>,
    over: bool,
}

impl Drive {
    /// Ends the call. The body goes first, then its claims: a call that waits for them finds it gone.
    fn end(&mut self, body: CallFuture, ending: Option<Ending>, ended: Instant) {
        self.over = true;
        drop_quietly(body);
        if let Some(since) = self.since {
            self.task.record_times(since, ended);
        }
        release(self.task.owner.end(self.task.index, ending, ended));
    }

    fn take(&self) -> Option<CallFuture> {
        lock(&self.task.body).take()
    }

    /// Ready when the time of the call is over; with `false` if the runtime has no timer.
    fn poll_timeout(&mut self, since: Instant, cx: &mut Context<'_>) -> Poll<bool> {
        let Some(deadline) = since.checked_add(self.task.meta.timeout) else {
            return Poll::Pending;
        };
        if self.sleep.is_none() {
            self.sleep = timer_on(&Handle::current(), deadline);
        }
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().poll(cx).map(|()| true),
            None => Poll::Ready(false),
        }
    }
}

impl Future for Drive {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let before = Instant::now();
        let since = match this.since {
            Some(since) => since,
            None if this.task.start(before) => *this.since.insert(before),
            None => {
                if let Some(body) = this.take() {
                    this.end(body, None, before);
                }
                this.over = true;
                return Poll::Ready(());
            }
        };
        let scope = &mut this.scope;
        if scope.is_none() {
            *scope = Some(Scope::Call(this.task.as_parent()));
        }
        let polled = {
            let mut body = lock(&this.task.body);
            match &mut *body {
                Some(body) if !this.task.stopped.load(Ordering::SeqCst) => {
                    Some(poll_body(body, scope, &this.task.span, cx))
                }
                _ => None,
            }
        };
        let Some(polled) = polled else {
            // Whoever stopped the call has the body, or leaves it to this task.
            match this.take() {
                Some(body) => this.end(body, None, before),
                None => this.over = true,
            }
            return Poll::Ready(());
        };
        let after = Instant::now();
        let took = after.saturating_duration_since(before);
        if took > BLOCKS {
            this.task.owner.report_blocking(this.task.meta.tool, took);
        }
        let ending = match polled {
            Poll::Ready(ending) => ending,
            Poll::Pending => {
                let timed_out = ready!(this.poll_timeout(since, cx));
                this.task.owner.cancel(this.task.index);
                match timed_out {
                    true => Ending::timed_out(this.task.meta.timeout, this.task.meta.access),
                    false => Ending::failed(NO_TIMER),
                }
            }
        };
        match this.take() {
            Some(body) => this.end(body, Some(ending), after),
            None => this.over = true,
        }
        Poll::Ready(())
    }
}

impl Drop for Drive {
    fn drop(&mut self) {
        if !self.over {
            self.task.dropped(self.since.is_some());
        }
    }
}

/// A body on its way to a thread, and there.
struct OnThread {
    task: Arc<CallTask>,
    runtime: Handle,
    began: bool,
}

impl OnThread {
    fn run(mut self) {
        let task = self.task.clone();
        let now = Instant::now();
        let timer = now.checked_add(task.meta.timeout).map(|at| timer_on(&self.runtime, at));
        if let Some(None) = timer {
            let holding = task.gone_with(Some(Ending::failed(NO_TIMER)));
            return release(holding);
        }
        // It is not taken before: a call that queues for a thread can be stopped, and holds nothing then.
        if !task.start(now) {
            return;
        }
        self.began = true;
        let Some(body) = lock(&task.body).take() else { return };
        let timer = timer.flatten().map(|timer| self.start_timer(timer));
        let mut scope = Some(Scope::Call(task.as_parent()));
        let ending = drive(body, &mut scope, &task.span);
        let ended = Instant::now();
        task.record_times(now, ended);
        let holding = task.owner.end(task.index, Some(ending), ended);
        if let Some(timer) = timer {
            timer.abort();
        }
        release(holding);
    }

    fn start_timer(&self, timer: Pin<Box<Sleep>>) -> AbortHandle {
        let (task, timeout) = (self.task.clone(), self.task.meta.timeout);
        let expire = async move {
            timer.await;
            task.owner.cancel(task.index);
            task.owner.time_out(task.index, timeout);
        };
        self.runtime.spawn(expire).abort_handle()
    }
}

impl Drop for OnThread {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Tokio panics if the system gives it no thread; a panic of a body does not get here.
            let holding = self.task.gone_with(Some(Ending::failed(NO_THREAD)));
            return self.task.leave(holding);
        }
        self.task.dropped(self.began);
    }
}

/// Drives a body to its end on this thread, and drops it.
///
/// Not by `Handle::block_on`: a body that blocks on a runtime itself would panic under it.
fn drive(mut body: CallFuture, scope: &mut Option<Scope>, span: &tracing::Span) -> Ending {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let ending = loop {
        if let Poll::Ready(ending) = poll_body(&mut body, scope, span, &mut cx) {
            break ending;
        }
        thread::park();
    };
    drop_quietly(body);
    ending
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn release(holding: Option<Holding>) {
    if let Some(holding) = holding {
        holding.release();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in a body is caught, so a poisoned lock is still in order.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
