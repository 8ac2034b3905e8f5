//! What stops a run from outside: a cancel, or a deadline.

use std::future::poll_fn;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::model::BoxFuture;
use crate::sync::{Instant, Mutex, MutexGuard, Sleep, sleep};

/// Why a run was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopCause {
    Cancelled,
    RunOver,
    TurnOver,
}

impl StopCause {
    /// For the result of a call that it kept from starting.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Cancelled => "the run was cancelled",
            Self::RunOver => "the time of the run was over",
            Self::TurnOver => "the time of the turn was over",
        }
    }
}

/// What whoever holds a run wishes of it, at any time.
#[derive(Default)]
pub(crate) struct RunControl(Mutex<Wished>);

#[derive(Clone, Copy, Default)]
struct Wished {
    cancelled: bool,
    /// Counted from the beginning of the run.
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

    fn get(&self) -> Wished {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Wished> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cancel and the deadlines of a run.
pub(crate) struct StopSignal<'a> {
    /// Looked at in each poll; `None` for calls that nobody stops.
    wishes: Option<Arc<RunControl>>,
    /// That the call around the run is.
    stopped: Option<BoxFuture<'a, ()>>,
    began: Instant,
    /// For how long somebody was asked: that time does not count.
    asked: Duration,
    turn: Option<Instant>,
    /// One for the whole run.
    timer: Option<Pin<Box<Sleep>>>,
    halted: Option<StopCause>,
}

impl<'a> StopSignal<'a> {
    /// Begins a run; `None` on a runtime that has no timer.
    ///
    /// It has this time, unless something else is wished.
    pub(crate) fn new(
        wishes: Arc<RunControl>,
        time: Duration,
        stopped: Option<BoxFuture<'a, ()>>,
    ) -> Option<Self> {
        let time = *wishes.lock().deadline.get_or_insert(time);
        // Tokio panics here on a runtime that was built without `enable_time`, and has no other way to ask.
        let timer = catch_unwind(|| Box::pin(sleep(time))).ok()?;
        Some(Self { wishes: Some(wishes), stopped, timer: Some(timer), ..Self::never() })
    }

    /// For calls that nobody stops.
    pub(crate) fn never() -> Self {
        Self {
            wishes: None,
            stopped: None,
            began: Instant::now(),
            asked: Duration::ZERO,
            turn: None,
            timer: None,
            halted: None,
        }
    }

    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    pub(crate) fn begin_turn(&mut self, limit: Duration) {
        self.turn = Instant::now().checked_add(limit);
    }

    /// Moves the deadlines: the time in which a human was asked does not count.
    pub(crate) fn put_off(&mut self, by: Duration) {
        self.asked = self.asked.saturating_add(by);
        self.turn = self.turn.and_then(|turn| turn.checked_add(by));
    }

    /// Ready when the run is cancelled.
    pub(crate) fn poll_cancelled(&mut self, cx: &mut Context<'_>) -> Poll<StopCause> {
        if let Some(halted) = self.halted {
            return Poll::Ready(halted);
        }
        let wished = self.wishes.as_ref().is_some_and(|wishes| wishes.is_cancelled());
        let stopped = |stopped: &mut BoxFuture<'_, ()>| stopped.as_mut().poll(cx).is_ready();
        if wished || self.stopped.as_mut().is_some_and(stopped) {
            return Poll::Ready(*self.halted.insert(StopCause::Cancelled));
        }
        Poll::Pending
    }

    /// Ready when the run is cancelled or a deadline has passed, and from then on.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<StopCause> {
        if let Poll::Ready(halted) = self.poll_cancelled(cx) {
            return Poll::Ready(halted);
        }
        let (at, halt) = match (self.run(), self.turn) {
            (Some(run), Some(turn)) if turn < run => (turn, StopCause::TurnOver),
            (Some(run), _) => (run, StopCause::RunOver),
            (None, Some(turn)) => (turn, StopCause::TurnOver),
            (None, None) => return Poll::Pending,
        };
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        // The clock decides: the timer rings for those alone who wait.
        while Instant::now() < at {
            // A deadline that moves on is followed when the timer has rung, one that comes nearer at once.
            if at < timer.deadline() {
                timer.as_mut().reset(at);
            }
            ready!(timer.as_mut().poll(cx));
            timer.as_mut().reset(at);
        }
        Poll::Ready(*self.halted.insert(halt))
    }

    /// Looks whether the run is stopped, without waiting.
    pub(crate) async fn look(&mut self) -> Option<StopCause> {
        poll_fn(|cx| match self.poll(cx) {
            Poll::Ready(halt) => Poll::Ready(Some(halt)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    /// When the time of the run is over.
    fn run(&self) -> Option<Instant> {
        let time = self.wishes.as_ref()?.get().deadline?;
        self.began.checked_add(time)?.checked_add(self.asked)
    }
}
