//! A run in this process, on tokio.

use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use crate::dispatch::batch::{Batch, Results};
use crate::dispatch::replay::ReplayCache;
use crate::dispatch::seal::Broken;
use crate::error::ModelError;
use crate::log::step::Emit;
use crate::model::retry::Pause;
use crate::model::{Delta, DeltaSink, Request};
use crate::rules::stop::{StopCause, StopSignal};
use crate::run::agent::AgentInner;
use crate::run::answer::Answer;
use crate::run::place::RunPlace;
use crate::run::turn::{Runtime, Unanswered};
use crate::sync::{sleep, yield_now};
use crate::transcript::{Response, ToolCall, Transcript};

pub(crate) struct Driver<'a, 'b> {
    place: RunPlace<'a>,
    stop: &'a mut StopSignal<'b>,
    /// The turn whose deadline is set, and how often the model was asked in it.
    turn: u32,
    attempt: u32,
    /// The calls of the response that ended last, as far as they have started.
    batch: Option<Box<Batch>>,
    /// Reads that finished in attempts at this turn that failed.
    replay: ReplayCache,
}

impl<'a, 'b> Driver<'a, 'b> {
    pub(crate) fn new(place: RunPlace<'a>, stop: &'a mut StopSignal<'b>) -> Self {
        let (batch, replay) = (None, ReplayCache::default());
        Self { place, stop, turn: 0, attempt: 0, batch, replay }
    }
}

impl Runtime for Driver<'_, '_> {
    async fn model(
        &mut self,
        turn: u32,
        transcript: &Transcript,
        emit: &mut Emit<'_>,
    ) -> Result<Response, Unanswered> {
        let AgentInner { model, toolset, system, choice, parallel, limits, .. } = self.place.agent;
        if self.turn != turn {
            if self.place.watched {
                // The consumer takes the events of the turn before, which bounds what is queued.
                yield_now().await;
            }
            // Where nothing waits, this alone looks: a model can block, and its calls be refused.
            if let Some(halt) = self.stop.look().await {
                return Err(Unanswered::Stopped(halt));
            }
            (self.turn, self.attempt) = (turn, 0);
            self.replay.clear();
            self.stop.begin_turn(limits.turn_timeout);
        }
        self.attempt += 1;
        let eager = self.place.agent.eager_calls.then_some((self.place, turn, self.attempt));
        let answer = Mutex::new(Answer::new(emit, eager, &mut self.replay));
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
        let stop = &mut *self.stop;
        let response = poll_fn(|cx| {
            if let Poll::Ready(halt) = stop.poll_cancelled(cx) {
                return Poll::Ready(Err(Unanswered::Stopped(halt)));
            }
            if let Poll::Ready(response) = asking.as_mut().poll(cx) {
                return Poll::Ready(response.map_err(Unanswered::Failed));
            }
            lock(&answer).poll(cx);
            stop.poll(cx).map(|halt| Err(Unanswered::Stopped(halt)))
        })
        .await;
        drop(asking);
        let answer = answer.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.batch = answer.end(response.as_ref().ok(), self.place.watched);
        response
    }

    async fn pause(&mut self, pause: Pause, error: &ModelError) -> Option<StopCause> {
        let length = pause.length(chance());
        let (kind, status, request_id) = (error.kind(), error.status(), error.request_id());
        tracing::warn!(?kind, status, request_id, ?length, "the model is asked again");
        let mut sleep = Box::pin(sleep(length));
        let stop = &mut *self.stop;
        poll_fn(|cx| match sleep.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => stop.poll(cx).map(Some),
        })
        .await
    }

    async fn calls(
        &mut self,
        turn: u32,
        calls: &[&ToolCall],
        emit: &mut Emit<'_>,
        results: &mut Results<'_>,
    ) -> Option<Broken> {
        let attempt = self.attempt;
        let open = || self.place.open((turn, attempt), calls.len());
        let batch = self.batch.take().unwrap_or_else(open);
        // Boxed: most of its life a run waits for the model, and holds no room for it.
        Box::pin(batch.seal(calls, self.stop, emit, results)).await
    }

    fn no_calls(&mut self, calls: &[&ToolCall], emit: &mut Emit<'_>, results: &mut Results<'_>) {
        if let Some(batch) = self.batch.take() {
            batch.cut_off(calls, emit, results);
        }
    }

    fn elapsed(&self) -> Duration {
        self.place.began.elapsed()
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
