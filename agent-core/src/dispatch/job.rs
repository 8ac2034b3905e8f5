use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::blocking;
use super::lease::{Away, Lease};
use super::outcome::{Ending, drop_quietly, effect};
use super::shared::{CallTimes, Ended, Holds, Shared};
use crate::log::waited_for::WaitedFor;
use crate::schedule::ledger::Ticket;
use crate::schedule::queue::CallSlots;
use crate::schema::Access;
use crate::sync::{Instant, JoinHandle, Sleep, sleep_until, spawn_blocking};
use crate::tool::context::{ParentCall, ToolContext};
use crate::tool::meta::{CallFuture, Returned};
use crate::transcript::CallStatus;

/// A call from its acceptance to its end: it waits in the ledger, then for a slot, then runs as a
/// task.
///
/// It reports one ending, however it ends: returned, panicked, timed out, or dropped anywhere.
pub(super) struct Job {
    body: Body,
    lease: Lease,
    shared: Arc<Shared>,
    info: Info,
    waited_for: Option<WaitedFor>,
    started: Option<Instant>,
    /// When the body ended, if that was elsewhere.
    ended: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
    reported: bool,
}

/// What is known of a call when it is accepted.
pub(super) struct Info {
    pub(super) index: usize,
    pub(super) queued: Instant,
    pub(super) access: Access,
    pub(super) blocking: bool,
    pub(super) sync: bool,
    pub(super) timeout: Duration,
    pub(super) call: Option<ToolContext>,
    /// Those of its tool.
    pub(super) slots: Option<Arc<CallSlots>>,
    pub(super) span: tracing::Span,
}

enum Body {
    Here(CallFuture),
    /// On the blocking pool; it has taken the lease with it.
    Elsewhere(JoinHandle<(std::thread::Result<Returned>, Instant)>),
    Gone,
}

impl Job {
    pub(super) fn new(body: CallFuture, shared: &Arc<Shared>, info: Info) -> Box<Self> {
        Box::new(Self {
            body: Body::Here(body),
            lease: Lease::default(),
            shared: shared.clone(),
            info,
            waited_for: None,
            started: None,
            ended: None,
            sleep: None,
            reported: false,
        })
    }

    pub(super) fn queued(&self) -> Instant {
        self.info.queued
    }

    pub(super) fn index(&self) -> usize {
        self.info.index
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Takes over the call's ticket; it is finished when the call has let go of all.
    pub(super) fn hold(&mut self, ticket: Ticket) {
        self.lease.ticket = Some(ticket);
    }

    /// The slots of which it has none yet.
    pub(super) fn next_slots(&self) -> Option<&Arc<CallSlots>> {
        let needed = [&self.info.slots, &self.shared.slots];
        let has =
            |slots: &Arc<CallSlots>| self.lease.slots.iter().any(|its| Arc::ptr_eq(its, slots));
        needed.into_iter().flatten().find(|slots| !has(slots))
    }

    /// Takes over a slot; it is handed on when the call has let go of all.
    pub(super) fn take_slot(&mut self, slots: Arc<CallSlots>) {
        self.lease.slots.push(slots);
    }

    /// Notes that it queues for a slot.
    pub(super) fn queues(&mut self) {
        let own = self.info.slots.is_some() && self.lease.slots.is_empty();
        self.waited_for = Some(if own { WaitedFor::ToolSlot } else { WaitedFor::Slot });
    }

    /// The times of a call that is over before it began.
    pub(super) fn times_if_over(&self, waited_for: Option<WaitedFor>) -> CallTimes {
        let Info { queued, access, .. } = self.info;
        CallTimes { queued, started: None, ended: Instant::now(), waited_for, access: Some(access) }
    }

    /// Notes what the call waited for last.
    pub(super) fn waited_for(&mut self, what: WaitedFor) {
        self.waited_for = Some(what);
    }

    /// The time of the first poll: a timeout does not count the time in the queue. None if it comes
    /// after the end of the batch.
    fn start(&mut self) -> Option<Instant> {
        if self.started.is_some() {
            return self.started;
        }
        let started = Instant::now();
        if !self.shared.begin(self.info.index, started) {
            return None;
        }
        self.started = Some(started);
        // Within a sync body nothing runs, unless a task of its own does.
        if !self.info.sync || self.info.call.is_some() {
            let Lease { ticket, slots } = &self.lease;
            let holds = Holds { ticket: *ticket, slots: slots.as_slice().into() };
            self.shared.hold(self.info.index, holds);
        }
        if let Some(call) = &self.info.call {
            call.start(started.checked_add(self.info.timeout), self.around());
        }
        if self.info.blocking {
            self.move_elsewhere();
        }
        self.started
    }

    /// This call, for what runs within it.
    fn around(&self) -> ParentCall {
        ParentCall { batch: self.shared.clone(), index: self.info.index }
    }

    /// Moves the body to the blocking pool, with what it holds: a body that outlives its timeout
    /// keeps its claims until it really ends.
    fn move_elsewhere(&mut self) {
        let Body::Here(body) = mem::replace(&mut self.body, Body::Gone) else { return };
        let (lease, index) = (mem::take(&mut self.lease), self.info.index);
        let away = Away { lease, shared: self.shared.clone(), index };
        let (span, around) = (self.info.span.clone(), self.around());
        let work = move || {
            let drive = AssertUnwindSafe(|| around.scope(|| blocking::drive(body)));
            let returned = span.in_scope(|| catch_unwind(drive));
            // Before its claims are free: the next call may begin before this one's task is woken.
            let ended = Instant::now();
            drop(away);
            (returned, ended)
        };
        // Tokio panics if the system gives it no thread.
        if let Ok(task) = catch_unwind(AssertUnwindSafe(|| spawn_blocking(work))) {
            self.body = Body::Elsewhere(task);
        }
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        let returned = match &mut self.body {
            Body::Here(body) => {
                let _entered = self.info.span.enter();
                let poll = || body.as_mut().poll(cx);
                let polled = if self.info.sync {
                    // Nothing runs within it.
                    catch_unwind(AssertUnwindSafe(poll))
                } else {
                    let around = ParentCall { batch: self.shared.clone(), index: self.info.index };
                    catch_unwind(AssertUnwindSafe(|| around.scope(poll)))
                };
                match polled {
                    Ok(polled) => Ok(ready!(polled)),
                    Err(panic) => Err(panic),
                }
            }
            Body::Elsewhere(task) => match ready!(Pin::new(task).poll(cx)) {
                Ok((returned, ended)) => {
                    self.ended = Some(ended);
                    returned
                }
                Err(error) => {
                    let effect = effect(self.info.access);
                    let why = format!("the blocking thread was lost: {error}{effect}");
                    return Poll::Ready(Ending::refused(CallStatus::Interrupted, why));
                }
            },
            Body::Gone => {
                let why = "there was no thread for the blocking tool";
                return Poll::Ready(Ending::refused(CallStatus::Failed, why));
            }
        };
        Poll::Ready(returned.map_or_else(Ending::panicked, Ending::of))
    }

    /// Its timer is made only when a body waits, so that a call which does not costs none.
    fn poll_timeout(&mut self, started: Instant, cx: &mut Context<'_>) -> Poll<Ending> {
        let Info { timeout, access, .. } = self.info;
        let Some(deadline) = started.checked_add(timeout) else { return Poll::Pending };
        if self.sleep.is_none() {
            // Tokio panics here on a runtime that was built without `enable_time`.
            let Ok(sleep) = catch_unwind(|| Box::pin(sleep_until(deadline))) else {
                let why = "the call has a timeout, and the runtime no timer";
                return Poll::Ready(Ending::refused(CallStatus::Failed, why));
            };
            self.sleep = Some(sleep);
        }
        let Some(sleep) = &mut self.sleep else { return Poll::Pending };
        ready!(sleep.as_mut().poll(cx));
        self.cancel();
        self.warn_those_behind();
        Poll::Ready(Ending::timed_out(timeout, access))
    }

    /// A body on a thread goes on and keeps its claims: who waits for them shall not wait for ever.
    #[cold]
    #[inline(never)]
    fn warn_those_behind(&self) {
        let index = self.info.index;
        let ticket = self.shared.held_by(index).and_then(|held| held.ticket);
        if let (Body::Elsewhere(_), Some(ticket)) = (&self.body, ticket) {
            let shared = self.shared.clone();
            let answers = shared.clone().answer_those_behind(ticket, index);
            drop(shared.runtime.spawn(answers));
        }
    }

    /// Tells the body that nobody waits for it; one that has not begun on its thread never will.
    fn cancel(&self) {
        if self.started.is_some() {
            self.shared.token_of(self.info.index).cancel();
        }
        if let Body::Elsewhere(task) = &self.body {
            task.abort();
        }
    }

    /// A timeout can strike only where a body waits.
    fn warn_if_it_blocked(&mut self, started: Instant) {
        let Info { sync, blocking, timeout, span, .. } = &self.info;
        if *sync || *blocking {
            return;
        }
        let ended = *self.ended.insert(Instant::now());
        let ran = ended.duration_since(started);
        if ran > *timeout {
            let _entered = span.enter();
            tracing::warn!(
                ?ran,
                ?timeout,
                "an async tool blocked its thread: declare it `blocking`"
            );
        }
    }

    fn record_times(&self, began: Instant, ended: Instant) {
        let Info { queued, span, .. } = &self.info;
        // A disabled span would look for its fields by their names all the same.
        if !span.is_disabled() {
            let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            span.record("queued_ms", ms(began.duration_since(*queued)));
            span.record("ran_ms", ms(ended.duration_since(began)));
        }
    }

    /// Lets go of the body first, then of its claims: whoever waits for them finds it gone.
    pub(super) fn end(&mut self, ending: Option<Ending>) {
        let Info { index, queued, access, .. } = self.info;
        let (started, waited_for) = (self.started, self.waited_for);
        let ended = self.ended.unwrap_or_else(Instant::now);
        drop_quietly(mem::replace(&mut self.body, Body::Gone));
        self.record_times(started.unwrap_or(ended), ended);
        let times = CallTimes { queued, started, ended, waited_for, access: Some(access) };
        self.reported = true;
        if ending.as_ref().is_some_and(Ending::is_fatal) {
            // Before its claims are free: who waits for them never starts.
            self.shared.start_nothing();
        }
        self.shared.report(Ended { index, ending, times });
        self.lease.give_up(&self.shared, index);
    }
}

impl Future for Job {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(started) = self.start() else {
            self.end(None);
            return Poll::Ready(());
        };
        let ending = match self.poll_body(cx) {
            Poll::Ready(ending) => {
                self.warn_if_it_blocked(started);
                ending
            }
            Poll::Pending => ready!(self.poll_timeout(started, cx)),
        };
        self.end(Some(ending));
        Poll::Ready(())
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if !self.reported {
            self.cancel();
            let access = self.info.access;
            self.end(self.started.map(|_| Ending::interrupted(access)));
        }
    }
}
