//! Stops a run from outside: a cancel or a deadline.

use std::future::poll_fn;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::model::BoxFuture;
use crate::sync::{Instant, Mutex, MutexGuard, RuntimeId, Sleep, runtime_id, sleep, sleep_until};

/// Why a run was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopCause {
    Cancelled,
    RunOver,
    TurnOver,
}

impl StopCause {
    /// The reason in the result of a call that did not run because of it.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Cancelled => "the run was cancelled",
            Self::RunOver => "the time of the run was over",
            Self::TurnOver => "the time of the turn was over",
        }
    }
}

/// The cancel and deadline that the holder of a run can set at any time, from any task.
#[derive(Default)]
pub(crate) struct RunControl(Mutex<ControlState>);

#[derive(Clone, Copy, Default)]
struct ControlState {
    cancelled: bool,
    /// Counted from the start of the run.
    deadline: Option<Duration>,
}

impl RunControl {
    pub(crate) fn cancel(&self) {
        self.lock().cancelled = true;
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.get().cancelled
    }

    pub(crate) fn set_deadline(&self, time: Duration) {
        self.lock().deadline = Some(time);
    }

    fn get(&self) -> ControlState {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, ControlState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cancel and the deadlines of a run.
pub(crate) struct StopSignal<'a> {
    /// Read in each poll; `None` for calls that cannot be stopped.
    control: Option<Arc<RunControl>>,
    /// Ends when the parent call of the run is cancelled.
    stopped: Option<BoxFuture<'a, ()>>,
    began: Instant,
    /// How long approvers were asked, which does not count towards the deadlines.
    asked: Duration,
    turn: Option<Instant>,
    /// One timer for the whole run, moved to the next deadline.
    timer: Option<Pin<Box<Sleep>>>,
    /// The runtime of the timer.
    runtime: Option<RuntimeId>,
    cause: Option<StopCause>,
}

impl<'a> StopSignal<'a> {
    /// Starts a run; `None` on a runtime without a timer.
    ///
    /// `time` is the deadline, unless the holder has set another one.
    pub(crate) fn new(
        control: Arc<RunControl>,
        time: Duration,
        stopped: Option<BoxFuture<'a, ()>>,
    ) -> Option<Self> {
        let time = *control.lock().deadline.get_or_insert(time);
        // Tokio panics here on a runtime that was built without `enable_time`, and has no other way
        // to find that out.
        let timer = catch_unwind(|| Box::pin(sleep(time))).ok()?;
        Some(Self { control: Some(control), stopped, timer: Some(timer), ..Self::never() })
    }

    /// For a single call, stopped by this future alone.
    pub(crate) fn for_one_call(stopped: Option<BoxFuture<'a, ()>>) -> Self {
        Self { stopped, ..Self::never() }
    }

    /// For calls that nothing stops.
    pub(crate) fn never() -> Self {
        Self {
            control: None,
            stopped: None,
            began: Instant::now(),
            asked: Duration::ZERO,
            turn: None,
            timer: None,
            runtime: runtime_id(),
            cause: None,
        }
    }

    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    pub(crate) fn begin_turn(&mut self, limit: Duration) {
        self.turn = Instant::now().checked_add(limit);
    }

    /// Moves the deadlines by the time in which an approver was asked.
    pub(crate) fn put_off(&mut self, by: Duration) {
        self.asked = self.asked.saturating_add(by);
        self.turn = self.turn.and_then(|turn| turn.checked_add(by));
    }

    /// Ready when the run is cancelled.
    pub(crate) fn poll_cancelled(&mut self, cx: &mut Context<'_>) -> Poll<StopCause> {
        if let Some(cause) = self.cause {
            return Poll::Ready(cause);
        }
        let cancelled = self.control.as_ref().is_some_and(|control| control.is_cancelled());
        let stopped = |stopped: &mut BoxFuture<'_, ()>| stopped.as_mut().poll(cx).is_ready();
        if cancelled || self.stopped.as_mut().is_some_and(stopped) {
            return Poll::Ready(*self.cause.insert(StopCause::Cancelled));
        }
        Poll::Pending
    }

    /// Ready from the moment when the run is cancelled or a deadline has passed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<StopCause> {
        if let Poll::Ready(cause) = self.poll_cancelled(cx) {
            return Poll::Ready(cause);
        }
        let (at, cause) = match (self.run_deadline(), self.turn) {
            (Some(run), Some(turn)) if turn < run => (turn, StopCause::TurnOver),
            (Some(run), _) => (run, StopCause::RunOver),
            (None, Some(turn)) => (turn, StopCause::TurnOver),
            (None, None) => return Poll::Pending,
        };
        self.follow_runtime();
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        // The clock decides; the timer only wakes this task.
        while Instant::now() < at {
            // A later deadline is set only when the timer fires, which saves a reset in each poll.
            // An earlier one is set at once, because the timer would fire too late for it.
            if at < timer.deadline() {
                timer.as_mut().reset(at);
            }
            ready!(timer.as_mut().poll(cx));
            timer.as_mut().reset(at);
        }
        Poll::Ready(*self.cause.insert(cause))
    }

    /// A run can be polled on another runtime than before, while nothing drives the timers of the first.
    fn follow_runtime(&mut self) {
        let here = runtime_id();
        if let Some(timer) = &self.timer
            && here.is_some()
            && here != self.runtime
        {
            let deadline = timer.deadline();
            self.timer = catch_unwind(|| Box::pin(sleep_until(deadline))).ok();
            self.runtime = here;
        }
    }

    /// Returns whether the run is stopped, without waiting.
    pub(crate) async fn look(&mut self) -> Option<StopCause> {
        poll_fn(|cx| match self.poll(cx) {
            Poll::Ready(cause) => Poll::Ready(Some(cause)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    /// The deadline of the run.
    fn run_deadline(&self) -> Option<Instant> {
        let time = self.control.as_ref()?.get().deadline?;
        self.began.checked_add(time)?.checked_add(self.asked)
    }
}
