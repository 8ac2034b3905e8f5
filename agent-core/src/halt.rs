//! What stops a run from outside: a cancel, or a deadline.

use std::panic::catch_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::model::BoxFuture;
use crate::sync::{Instant, Sleep, sleep_until};

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
    /// Made when something waits, and kept for the whole run; `Err` on a runtime that has none.
    timer: Option<Result<Pin<Box<Sleep>>, ()>>,
    halted: Option<Halt>,
}

impl<'a> Halting<'a> {
    pub(crate) fn new(cancelled: Option<BoxFuture<'a, ()>>, run: Duration) -> Self {
        let run = Instant::now().checked_add(run);
        Self { cancelled, run, turn: None, timer: None, halted: None }
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
        // Tokio panics here on a runtime that was built without `enable_time`.
        let make = || catch_unwind(|| Box::pin(sleep_until(at))).map_err(|_| ());
        let Ok(timer) = self.timer.get_or_insert_with(make) else { return Poll::Pending };
        // Deadlines move on; the timer follows only when it has rung.
        loop {
            ready!(timer.as_mut().poll(cx));
            if Instant::now() >= at {
                return Poll::Ready(*self.halted.insert(halt));
            }
            timer.as_mut().reset(at);
        }
    }
}
