use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, Sleep, sleep_until};

use super::batch::{CallTimes, Ended, Shared};
use super::blocking;
use super::outcome::{Ending, drop_quietly};
use crate::context::Ctx;
use crate::ledger::Ticket;
use crate::tool::{CallFuture, Options, Returned};
use crate::toolset::CallRef;
use crate::transcript::Status;

/// A call that has been accepted: its body, and what it holds until it ends.
pub(super) struct Job {
    // Dropped in this order: a body lets go of what it borrows before its claims are given up.
    body: Body,
    lease: Option<Lease>,
    info: Info,
}

pub(super) struct Info {
    pub(super) index: usize,
    pub(super) queued: Instant,
    pub(super) options: Options,
    pub(super) timeout: Duration,
    pub(super) call: Option<Ctx>,
    pub(super) span: tracing::Span,
}

enum Body {
    Here(CallFuture),
    /// On the blocking pool; it has taken the lease with it.
    Elsewhere(JoinHandle<std::thread::Result<Returned>>),
    Gone,
}

impl Job {
    pub(super) fn new(body: CallFuture, lease: Lease, info: Info) -> Self {
        Self { body: Body::Here(body), lease: Some(lease), info }
    }

    pub(super) fn index(&self) -> usize {
        self.info.index
    }

    /// Takes over the ticket of the call; it is finished when the call has let go of all.
    pub(super) fn hold(&mut self, ticket: Ticket) {
        if let Some(lease) = &mut self.lease {
            lease.ticket = Some(ticket);
        }
    }
}

/// A call's claims and slot. Dropping it gives them up and starts who waited for them.
pub(super) struct Lease {
    shared: Arc<Shared>,
    index: usize,
    ticket: Option<Ticket>,
    slot: bool,
}

impl Lease {
    pub(super) fn new(shared: Arc<Shared>, index: usize) -> Self {
        Self { shared, index, ticket: None, slot: false }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let mut free = Vec::new();
            let parked = self.shared.toolset.ledger().finish(ticket, &mut free);
            drop(parked);
            let after = self.shared.call_ref(self.index);
            for (_, parked) in free {
                parked.batch.release(parked.index, after);
            }
        }
        if self.slot
            && let Some(next) = self.shared.slots.as_ref().and_then(|slots| slots.hand_on())
        {
            launch(next);
        }
    }
}

/// A call that the ledger has admitted.
pub(super) struct Ready {
    pub(super) job: Job,
    /// The call that it waited for last.
    pub(super) after: Option<CallRef>,
}

impl Ready {
    pub(super) fn belongs_to(&self, shared: &Arc<Shared>) -> bool {
        self.shared().is_some_and(|own| Arc::ptr_eq(own, shared))
    }

    pub(super) fn holding_a_slot(mut self) -> Self {
        if let Some(lease) = &mut self.job.lease {
            lease.slot = true;
        }
        self
    }

    fn shared(&self) -> Option<&Arc<Shared>> {
        self.job.lease.as_ref().map(|lease| &lease.shared)
    }
}

/// Starts a call as soon as a slot is free.
pub(super) fn start(ready: Ready) {
    let slots = ready.shared().and_then(|shared| shared.slots.clone());
    let ready = match slots {
        Some(slots) => slots.take(ready),
        None => Some(ready),
    };
    if let Some(ready) = ready {
        launch(ready);
    }
}

thread_local! {
    static LAUNCHING: RefCell<Option<VecDeque<Ready>>> = const { RefCell::new(None) };
}

/// Spawns a call that has its slot.
///
/// On a runtime that shuts down a spawn drops the call at once, which starts the next one. The
/// queue keeps that from becoming a recursion as deep as the batch is long.
fn launch(ready: Ready) {
    let outermost = LAUNCHING.with_borrow_mut(|queue| {
        if let Some(queue) = queue {
            queue.push_back(ready);
            return None;
        }
        *queue = Some(VecDeque::new());
        Some(ready)
    });
    let mut next = outermost;
    while let Some(ready) = next {
        spawn(ready);
        next = LAUNCHING.with_borrow_mut(|queue| {
            let next = queue.as_mut().and_then(VecDeque::pop_front);
            if next.is_none() {
                *queue = None;
            }
            next
        });
    }
}

fn spawn(ready: Ready) {
    let Some(shared) = ready.shared().cloned() else {
        return;
    };
    if shared.is_over() {
        return drop_quietly(ready);
    }
    let Ready { job, after } = ready;
    let running = Running { job, after, shared: shared.clone(), started: None, sleep: None };
    shared.keep(shared.runtime.spawn(running));
}

/// A call that runs: it reports one ending, however it ends.
struct Running {
    job: Job,
    after: Option<CallRef>,
    shared: Arc<Shared>,
    started: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Future for Running {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let started = self.start();
        let ending = match self.job.poll(cx) {
            Poll::Ready(ending) => ending,
            Poll::Pending => ready!(self.time_out(started, cx)),
        };
        self.end(Some(ending));
        Poll::Ready(())
    }
}

impl Running {
    /// The time of the first poll: a timeout does not count the time in the queue.
    fn start(&mut self) -> Instant {
        if let Some(started) = self.started {
            return started;
        }
        let started = Instant::now();
        self.started = Some(started);
        if let Some(call) = &self.job.info.call {
            call.start(started.checked_add(self.job.info.timeout));
        }
        if self.job.info.options.blocking {
            self.job.move_elsewhere();
        }
        started
    }

    /// Its timer is made only when a body waits, so that a call which does not costs none.
    fn time_out(&mut self, started: Instant, cx: &mut Context<'_>) -> Poll<Ending> {
        let Info { timeout, options, .. } = self.job.info;
        let Some(deadline) = started.checked_add(timeout) else {
            return Poll::Pending;
        };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        ready!(sleep.as_mut().poll(cx));
        self.job.cancel();
        Poll::Ready(Ending::timed_out(timeout, options.access))
    }

    fn end(&mut self, ending: Option<Ending>) {
        let Info { index, queued, .. } = self.job.info;
        let (started, ended, after) = (self.started, Instant::now(), self.after);
        drop_quietly(std::mem::replace(&mut self.job.body, Body::Gone));
        let times = CallTimes { queued, started, ended, after };
        self.shared.report(Ended { index, ending, times });
        self.job.lease = None;
    }
}

impl Drop for Running {
    /// Unless it has ended, it was aborted, or its runtime is shutting down.
    fn drop(&mut self) {
        if !matches!(self.job.body, Body::Gone) {
            self.job.cancel();
            let access = self.job.info.options.access;
            self.end(self.started.map(|_| Ending::interrupted(access)));
        }
    }
}

impl Job {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        let returned = match &mut self.body {
            Body::Here(body) => {
                let _entered = self.info.span.enter();
                match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(cx))) {
                    Ok(polled) => Ok(ready!(polled)),
                    Err(panic) => Err(panic),
                }
            }
            Body::Elsewhere(task) => match ready!(Pin::new(task).poll(cx)) {
                Ok(returned) => returned,
                Err(error) => {
                    let why = format!("the blocking thread was lost: {error}");
                    return Poll::Ready(Ending::refused(Status::Interrupted, why));
                }
            },
            Body::Gone => return Poll::Pending,
        };
        Poll::Ready(returned.map_or_else(Ending::panicked, Ending::of))
    }

    /// Moves the body to the blocking pool, with what it holds: a body that outlives its timeout
    /// keeps its claims until it really ends.
    fn move_elsewhere(&mut self) {
        let Body::Here(body) = std::mem::replace(&mut self.body, Body::Gone) else {
            return;
        };
        let (lease, span) = (self.lease.take(), self.info.span.clone());
        self.body = Body::Elsewhere(spawn_blocking(move || {
            let returned =
                span.in_scope(|| catch_unwind(AssertUnwindSafe(|| blocking::drive(body))));
            drop(lease);
            returned
        }));
    }

    /// Tells the body that nobody waits for it; one that has not begun on its thread never will.
    fn cancel(&self) {
        if let Some(call) = &self.info.call {
            call.cancel();
        }
        if let Body::Elsewhere(task) = &self.body {
            task.abort();
        }
    }
}
