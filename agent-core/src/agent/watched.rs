//! A run that is watched while it goes on.

use futures_core::Stream;
use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use super::ongoing::Run;
use crate::event::Event;
use crate::outcome::{Outcome, RunError};

/// The events that nobody has taken yet; none are kept when nobody will.
#[derive(Clone)]
pub(super) struct Events(Arc<Mutex<Option<VecDeque<Event>>>>);

impl Default for Events {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Some(VecDeque::new()))))
    }
}

impl Events {
    pub(super) fn push(&self, event: impl FnOnce() -> Option<Event>) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(events) = &mut *events {
            events.extend(event());
        }
    }

    fn pop(&self) -> Option<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.pop_front()
    }

    fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The [events](Event) of a run, as they happen.
///
/// The run goes on while the stream is polled: one that is read slowly holds the events of at most one
/// piece of the model's answer, and reads no more of it. Calls that run go on meanwhile, and so do those
/// that wait for them; what waits for a decision or for the next turn does not, and neither cancel nor
/// deadline is seen. Dropping the stream stops the run, as it does a [`Run`].
///
/// # Examples
///
/// ```
/// use agent_core::{Agent, Event, Response, ScriptedModel};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), agent_core::RunError> {
/// let model = ScriptedModel::new().turn(|_| Response::new().text("Hello."));
/// let mut run = Agent::new(model).stream("Hi");
/// let mut said = String::new();
/// while let Some(event) = run.next().await {
///     if let Event::Text { text } = event {
///         said += &text;
///     }
/// }
/// assert_eq!(said, "Hello.");
/// assert_eq!(run.outcome().await?.text(), "Hello.");
/// # Ok(())
/// # }
/// ```
#[must_use = "a run that is watched begins when `next` is awaited"]
pub struct RunStream<'a> {
    run: Option<Run<'a>>,
    events: Events,
    ended: Option<Result<Outcome, RunError>>,
}

impl<'a> RunStream<'a> {
    pub(super) fn new(run: Run<'a>, events: Events) -> Self {
        Self { run: Some(run), events, ended: None }
    }

    /// As [`Run::cancel_on`], at any time.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Agent, Event, Response, ScriptedModel, Stop, tool, tools};
    /// use std::future::{pending, ready};
    ///
    /// /// Ask somebody who does not answer.
    /// #[tool(read)]
    /// async fn ask() {
    ///     pending().await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), agent_core::RunError> {
    /// let model = ScriptedModel::new().turn(|_| Response::new().call("ask", "{}"));
    /// let mut run = Agent::new(model).tools(tools![ask]).stream("Hi");
    /// while let Some(event) = run.next().await {
    ///     if let Event::CallStarted { .. } = event {
    ///         run = run.cancel_on(ready(()));
    ///     }
    /// }
    /// assert_eq!(run.outcome().await?.stop(), &Stop::Cancelled);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_on(mut self, cancelled: impl Future + Send + 'a) -> Self {
        self.run = self.run.map(|run| run.cancel_on(cancelled));
        self
    }

    /// As [`Run::deadline`], at any time; it counts from the run's first poll.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.run = self.run.map(|run| run.deadline(time));
        self
    }

    /// The next event; `None` after the last one. Cancel-safe.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// Goes on to the end of the run, whatever happens on the way.
    ///
    /// # Errors
    ///
    /// As [`Run`].
    pub async fn outcome(mut self) -> Result<Outcome, RunError> {
        self.events.close();
        match (self.ended.take(), self.run.take()) {
            (Some(ended), _) => ended,
            (None, Some(run)) => run.await,
            (None, None) => pending().await,
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        if let Some(event) = self.events.pop() {
            return Poll::Ready(Some(event));
        }
        if let Some(run) = &mut self.run
            && let Poll::Ready(ended) = Pin::new(run).poll(cx)
        {
            (self.run, self.ended) = (None, Some(ended));
        }
        match self.events.pop() {
            Some(event) => Poll::Ready(Some(event)),
            None if self.run.is_none() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

impl Stream for RunStream<'_> {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll_event(cx)
    }
}

impl fmt::Debug for RunStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunStream").field("ended", &self.ended).finish_non_exhaustive()
    }
}
