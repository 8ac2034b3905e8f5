//! What stops a run from outside: a cancel, or a deadline.

use std::panic::catch_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::model::BoxFuture;
use crate::sync::{Instant, Sleep, sleep};

/// Why a run was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Halt {
    Cancelled,
    RunOver,
    TurnOver,
}

impl Halt {
    /// For the result of a call that it kept from starting.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Cancelled => "the run was cancelled",
            Self::RunOver => "the time of the run was over",
            Self::TurnOver => "the time of the turn was over",
        }
    }
}

/// The cancel and the deadlines of a run.
pub(crate) struct Halting<'a> {
    cancelled: Option<BoxFuture<'a, ()>>,
    run: Option<Instant>,
    turn: Option<Instant>,
    /// One for the whole run; calls that nobody stops have none.
    timer: Option<Pin<Box<Sleep>>>,
    halted: Option<Halt>,
}

impl<'a> Halting<'a> {
    /// `None` on a runtime that has no timer.
    pub(crate) fn new(cancelled: Option<BoxFuture<'a, ()>>, run: Duration) -> Option<Self> {
        // Tokio panics here on a runtime that was built without `enable_time`, and has no other way to ask.
        let timer = catch_unwind(|| Box::pin(sleep(run))).ok()?;
        let run = Instant::now().checked_add(run);
        Some(Self { cancelled, run, turn: None, timer: Some(timer), halted: None })
    }

    /// For calls that nobody stops.
    pub(crate) fn never() -> Self {
        Self { cancelled: None, run: None, turn: None, timer: None, halted: None }
    }

    pub(crate) fn begin_turn(&mut self, limit: Duration) {
        self.turn = Instant::now().checked_add(limit);
    }

    /// Moves the deadlines: the time in which a human was asked does not count.
    pub(crate) fn put_off(&mut self, by: Duration) {
        for deadline in [&mut self.run, &mut self.turn] {
            *deadline = deadline.and_then(|deadline| deadline.checked_add(by));
        }
    }

    /// Ready when the run is cancelled.
    pub(crate) fn poll_cancelled(&mut self, cx: &mut Context<'_>) -> Poll<Halt> {
        if let Some(halted) = self.halted {
            return Poll::Ready(halted);
        }
        let Some(cancelled) = &mut self.cancelled else { return Poll::Pending };
        ready!(cancelled.as_mut().poll(cx));
        Poll::Ready(*self.halted.insert(Halt::Cancelled))
    }

    /// Ready when the run is cancelled or a deadline has passed, and from then on.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Halt> {
        if let Poll::Ready(halted) = self.poll_cancelled(cx) {
            return Poll::Ready(halted);
        }
        let (at, halt) = match (self.run, self.turn) {
            (Some(run), Some(turn)) if turn < run => (turn, Halt::TurnOver),
            (Some(run), _) => (run, Halt::RunOver),
            (None, Some(turn)) => (turn, Halt::TurnOver),
            (None, None) => return Poll::Pending,
        };
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        // A deadline that moves on is followed when the timer has rung, one that comes nearer at once.
        if at < timer.deadline() {
            timer.as_mut().reset(at);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if Instant::now() >= at {
                return Poll::Ready(*self.halted.insert(halt));
            }
            timer.as_mut().reset(at);
        }
    }
}
