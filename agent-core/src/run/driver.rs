//! A run in this process, on tokio.

use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use crate::dispatch::{Batch, Broken, CallStep, CallTimes, Early, Finished};
use crate::error::ModelError;
use crate::log::run_id::RunId;
use crate::log::step::{CallRecord, Emit};
use crate::log::waited_for::WaitedFor;
use crate::model::retry::Pause;
use crate::model::{Delta, DeltaSink, ParallelToolCalls, Request};
use crate::rules::stop::{StopCause, StopSignal};
use crate::run::agent::Inner;
use crate::run::answer::Answer;
use crate::run::turn::{Done, Runtime, Unanswered};
use crate::sync::{Instant, sleep, yield_now};
use crate::tool::context::ParentCall;
use crate::transcript::{Response, ToolCall, Transcript};

pub(crate) struct Driver<'a, 'b> {
    agent: &'a Inner,
    run: RunId,
    /// The call within which it runs, if there is one.
    around: Option<&'a ParentCall>,
    /// Somebody watches what happens.
    watched: bool,
    halting: &'a mut StopSignal<'b>,
    /// The turn whose deadline is set, and how often the model was asked in it.
    turn: u32,
    attempt: u32,
    /// What has begun of the response that came last.
    early: Option<Box<Early<'a>>>,
    /// What has finished of answers to this turn that failed.
    finished: Vec<Finished>,
}

impl<'a, 'b> Driver<'a, 'b> {
    pub(crate) fn new(
        agent: &'a Inner,
        run: RunId,
        around: Option<&'a ParentCall>,
        watched: bool,
        halting: &'a mut StopSignal<'b>,
    ) -> Self {
        let finished = Vec::new();
        Self { agent, run, around, watched, halting, turn: 0, attempt: 0, early: None, finished }
    }

    fn batch(&self, turn: u32) -> Batch<'a> {
        let Inner { toolset, limits, slots, parallel, approval, .. } = self.agent;
        let (slots, one_by_one) = (slots.as_ref(), *parallel == ParallelToolCalls::Never);
        let (around, watched, run, attempt) = (self.around, self.watched, self.run, self.attempt);
        Batch { toolset, limits, slots, approval, one_by_one, watched, run, turn, attempt, around }
    }
}

impl Runtime for Driver<'_, '_> {
    async fn model(
        &mut self,
        turn: u32,
        transcript: &Transcript,
        emit: &mut Emit<'_>,
    ) -> Result<Response, Unanswered> {
        let Inner { model, toolset, system, choice, parallel, limits, .. } = self.agent;
        if self.turn != turn {
            if self.watched {
                // Whoever watches takes what there is of the turn before, which bounds what it holds.
                yield_now().await;
            }
            // Where nothing waits, nobody else looks: the model may block, and its calls be refused.
            if let Some(halt) = self.halting.look().await {
                return Err(Unanswered::Stopped(halt));
            }
            (self.turn, self.attempt) = (turn, 0);
            self.finished.clear();
            self.halting.begin_turn(limits.turn_timeout);
        }
        self.attempt += 1;
        let starts_early = self.agent.eager_calls.then(|| self.batch(turn));
        let answer = Mutex::new(Answer::new(emit, starts_early, &mut self.finished));
        let sink = |delta: Delta<'_>| lock(&answer).take(delta);
        let mut asking = model.ask(Request {
            system: system.as_deref(),
            tools: toolset.shared_definitions(),
            choice,
            parallel: *parallel,
            response_limit: limits.response_bytes,
            event_limit: limits.event_bytes,
            transcript,
            sink: DeltaSink(Some(&sink)),
        });
        let halting = &mut *self.halting;
        let response = poll_fn(|cx| {
            if let Poll::Ready(halt) = halting.poll_cancelled(cx) {
                return Poll::Ready(Err(Unanswered::Stopped(halt)));
            }
            if let Poll::Ready(response) = asking.as_mut().poll(cx) {
                return Poll::Ready(response.map_err(Unanswered::Failed));
            }
            lock(&answer).poll(cx);
            halting.poll(cx).map(|halt| Err(Unanswered::Stopped(halt)))
        })
        .await;
        drop(asking);
        let answer = answer.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.early = answer.end(response.as_ref().ok(), self.watched);
        response
    }

    async fn pause(&mut self, pause: Pause, error: &ModelError) -> Option<StopCause> {
        let length = pause.length(chance());
        let (kind, status, request_id) = (error.kind(), error.status(), error.request_id());
        tracing::warn!(?kind, status, request_id, ?length, "the model is asked again");
        let mut sleep = Box::pin(sleep(length));
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
        let (batch, early, began) = (self.batch(turn), self.early.take(), self.halting.began());
        let mut sink = sink(batch, began, done);
        // Boxed: most of its life a run waits for the model, and holds no room for it.
        Box::pin(batch.run(calls, early, self.halting, &mut sink)).await
    }

    fn no_calls(&mut self, turn: u32, calls: &[&ToolCall], done: &mut Done<'_>) {
        if let Some(early) = self.early.take() {
            early.discard(calls, &mut sink(self.batch(turn), self.halting.began(), done));
        }
    }

    fn elapsed(&self) -> Duration {
        self.halting.began().elapsed()
    }
}

/// Adds to each result what is recorded of its call.
fn sink<'a>(
    batch: Batch<'a>,
    began: Instant,
    done: &'a mut Done<'_>,
) -> impl FnMut(usize, CallStep<'_>) + Send + 'a {
    move |index, step| {
        let record = match &step {
            CallStep::Counted(result, times) => {
                Some(record((batch.turn, index), began, result.status(), times))
            }
            _ => None,
        };
        done(index, step, record);
    }
}

fn record(
    (turn, index): (u32, usize),
    began: Instant,
    status: crate::CallStatus,
    times: &CallTimes,
) -> CallRecord {
    let since = |time: Instant| time.duration_since(began);
    let follows = match times.waited_for {
        Some(WaitedFor::Call(number)) => number.checked_sub(1),
        _ => None,
    };
    CallRecord {
        turn,
        index,
        access: times.access,
        status,
        queued: since(times.queued),
        started: times.started.map(since),
        ended: since(times.ended),
        waited_for: times.waited_for,
        follows,
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
