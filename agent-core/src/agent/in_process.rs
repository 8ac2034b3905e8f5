//! A run in this process, on tokio.

use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use super::Inner;
use crate::context::Around;
use crate::dispatch::{Batch, Broken, CallStep, CallTimes, Early, Finished, new_run};
use crate::error::ModelError;
use crate::halt::{Halt, Halting};
use crate::model::{Delta, Listener, Parallel, Request};
use crate::record::{After, CallRow, Step};
use crate::retry::Pause;
use crate::run::{Done, Emit, Runtime, Unanswered};
use crate::sync::{Instant, sleep};
use crate::toolset::Blocker;
use crate::transcript::{Response, ToolCall, Transcript, View};

pub(super) struct InProcess<'a, 'b> {
    agent: &'a Inner,
    run: u64,
    /// The call within which it runs, if there is one.
    around: Option<&'a Around>,
    /// Somebody watches what happens.
    watched: bool,
    began: Instant,
    halting: &'a mut Halting<'b>,
    /// The turn whose deadline is set, and how often the model was asked in it.
    turn: u32,
    attempt: u32,
    /// What has begun of the response that came last.
    early: Option<Box<Early<'a>>>,
    /// What has finished of answers to this turn that failed.
    finished: Vec<Finished>,
}

impl<'a, 'b> InProcess<'a, 'b> {
    pub(super) fn new(
        agent: &'a Inner,
        around: Option<&'a Around>,
        watched: bool,
        halting: &'a mut Halting<'b>,
    ) -> Self {
        let (run, began, finished) = (new_run(), Instant::now(), Vec::new());
        Self {
            agent,
            run,
            around,
            watched,
            began,
            halting,
            turn: 0,
            attempt: 0,
            early: None,
            finished,
        }
    }

    fn batch(&self, turn: u32) -> Batch<'a> {
        let Inner { toolset, limits, slots, parallel, approval, .. } = self.agent;
        let (slots, one_by_one) = (slots.as_ref(), *parallel == Parallel::Never);
        let (around, watched, run, attempt) = (self.around, self.watched, self.run, self.attempt);
        Batch { toolset, limits, slots, approval, one_by_one, watched, run, turn, attempt, around }
    }
}

impl Runtime for InProcess<'_, '_> {
    async fn model(
        &mut self,
        turn: u32,
        transcript: &Transcript,
        emit: &mut Emit<'_>,
    ) -> Result<Response, Unanswered> {
        let Inner { model, toolset, system, choice, parallel, limits, .. } = self.agent;
        if self.turn != turn {
            (self.turn, self.attempt) = (turn, 0);
            self.finished.clear();
            self.halting.begin_turn(limits.turn_timeout);
        }
        self.attempt += 1;
        let starts_early = self.agent.early_start.then(|| self.batch(turn));
        let listening = Mutex::new(Listening {
            emit,
            starts_early,
            early: None,
            finished: &mut self.finished,
            calls: 0,
            written: 0,
            told: false,
        });
        let hear = |delta: Delta<'_>| lock(&listening).hear(delta);
        let mut asking = model.ask(Request {
            system: system.as_deref(),
            tools: toolset.shared_definitions(),
            choice,
            parallel: *parallel,
            response_limit: limits.response,
            event_limit: limits.event,
            transcript,
            listener: Listener(Some(&hear)),
        });
        let halting = &mut *self.halting;
        let answer = poll_fn(|cx| {
            if let Poll::Ready(halt) = halting.poll_cancelled(cx) {
                return Poll::Ready(Err(Unanswered::Halted(halt)));
            }
            if let Poll::Ready(answer) = asking.as_mut().poll(cx) {
                return Poll::Ready(answer.map_err(Unanswered::Failed));
            }
            lock(&listening).poll(cx);
            halting.poll(cx).map(|halt| Err(Unanswered::Halted(halt)))
        })
        .await;
        drop(asking);
        let listening = listening.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Listening { emit, early, finished, told, .. } = listening;
        if let Ok(response) = &answer {
            if self.watched && !told {
                tell(response, emit);
            }
            self.early = early;
        } else {
            let mut sink = |index, step: CallStep<'_>| told_of(emit, index, &step);
            finished.extend(early.into_iter().flat_map(|early| early.stop(&mut sink)));
        }
        answer
    }

    async fn pause(&mut self, pause: Pause, error: &ModelError) -> Option<Halt> {
        let length = pause.length(chance());
        let (kind, status, request_id) = (error.kind(), error.status(), error.request_id());
        tracing::warn!(?kind, status, request_id, ?length, "the model is asked again");
        // Tokio panics here on a runtime that was built without `enable_time`.
        let sleep = std::panic::catch_unwind(|| Box::pin(sleep(length)));
        let mut sleep = sleep.ok()?;
        let halting = &mut *self.halting;
        poll_fn(|cx| match sleep.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => halting.poll(cx).map(Some),
        })
        .await
    }

    async fn calls(
        &mut self,
        turn: u32,
        calls: &[&ToolCall],
        done: &mut Done<'_>,
    ) -> Option<Broken> {
        let (batch, early, began) = (self.batch(turn), self.early.take(), self.began);
        let mut sink = sink(batch, began, done);
        // Boxed: most of its life a run waits for the model, and holds no room for it.
        Box::pin(batch.run(calls, early, self.halting, &mut sink)).await
    }

    fn no_calls(&mut self, turn: u32, calls: &[&ToolCall], done: &mut Done<'_>) {
        if let Some(early) = self.early.take() {
            early.discard(calls, &mut sink(self.batch(turn), self.began, done));
        }
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

/// What is told of an answer while it comes.
struct Listening<'a, 'b, 'c> {
    emit: &'c mut Emit<'b>,
    /// What calls that begin early run under; `None` if none do.
    starts_early: Option<Batch<'a>>,
    /// Made with the first call.
    early: Option<Box<Early<'a>>>,
    finished: &'c mut Vec<Finished>,
    /// How many calls have begun in the answer.
    calls: usize,
    /// How many of them are complete.
    written: usize,
    /// Whether the model tells anything.
    told: bool,
}

impl Listening<'_, '_, '_> {
    fn hear(&mut self, delta: Delta<'_>) {
        self.told = true;
        let calls = match delta {
            Delta::Complete(_) => {
                self.written += 1;
                self.written
            }
            Delta::Call { .. } => {
                self.calls += 1;
                self.calls
            }
            _ => self.calls,
        };
        (self.emit)(&Step::Told { calls, delta });
        if let (Delta::Complete(call), Some(batch)) = (delta, self.starts_early) {
            let early = self.early.get_or_insert_with(|| Box::new(Early::new(batch)));
            early.offer(call, self.finished, &mut |index, step| told_of(self.emit, index, &step));
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(early) = &mut self.early {
            early.poll(cx, &mut |index, step| told_of(self.emit, index, &step));
        }
    }
}

fn told_of(emit: &mut Emit<'_>, index: usize, step: &CallStep<'_>) {
    match *step {
        CallStep::Started(call) => emit(&Step::CallStarted { index, call }),
        CallStep::Progress(text) => emit(&Step::Progress { index, text }),
        CallStep::Ended(result) => emit(&Step::CallEnded { index, result }),
        CallStep::Counted(..) => {}
    }
}

/// Tells an answer that came as a whole.
fn tell(response: &Response, emit: &mut Emit<'_>) {
    let mut calls = 0;
    for block in response.blocks() {
        match block.view() {
            View::Text(text) => emit(&Step::Told { calls, delta: Delta::Text(text) }),
            View::Thinking(text) => emit(&Step::Told { calls, delta: Delta::Thinking(text) }),
            View::ToolCall(call) => {
                calls += 1;
                let (id, name) = (call.id(), call.name());
                emit(&Step::Told { calls, delta: Delta::Call { id, name } });
                emit(&Step::Told { calls, delta: Delta::Arguments(call.arguments()) });
                emit(&Step::Told { calls, delta: Delta::Complete(call) });
            }
            View::Opaque => {}
        }
    }
}

/// Adds to each result what is recorded of its call.
fn sink<'a>(
    batch: Batch<'a>,
    began: Instant,
    done: &'a mut Done<'_>,
) -> impl FnMut(usize, CallStep<'_>) + Send + 'a {
    move |index, step| {
        let row = match &step {
            CallStep::Counted(result, times) => {
                Some(row(batch.run, (batch.turn, index), began, result.status(), times))
            }
            _ => None,
        };
        done(index, step, row);
    }
}

fn row(
    run: u64,
    (turn, index): (u32, usize),
    began: Instant,
    status: crate::Status,
    times: &CallTimes,
) -> CallRow {
    let since = |time: Instant| time.duration_since(began);
    let after = times.after.map(|blocker| match blocker {
        Blocker::Slot => After::Slot,
        Blocker::ToolSlot => After::ToolSlot,
        Blocker::Approval => After::Approval,
        Blocker::Call(call) if call.run == run => After::Call(call.turn, call.index),
        Blocker::Call(_) => After::OtherRun,
    });
    CallRow {
        turn,
        index,
        access: times.access,
        silent: times.silent,
        status,
        queued: since(times.queued),
        started: times.started.map(since),
        ended: since(times.ended),
        after,
    }
}

/// From 0 to 1.
fn chance() -> f64 {
    let random = RandomState::new().hash_one(0);
    f64::from(u32::try_from(random >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
