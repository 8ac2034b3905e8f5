//! A run with a consumer of its events.

use futures_core::Stream;
use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::task::coop::poll_proceed;

use crate::log::event::Event;
use crate::log::run_id::RunId;
use crate::run::agent::Agent;
use crate::run::events::Events;
use crate::run::outcome::{Outcome, RunError};
use crate::run::run::Run;
use crate::transcript::Input;

/// The [events](Event) of a run, as they happen.
///
/// The run is polled while the stream is polled. How far depends on the state of the run:
///
/// - While the model answers, all queued events have to be taken before more of the answer is read, and before
///   the model is asked in the next turn. So a slow consumer slows the answer, and holds one piece of it.
/// - While the calls of a response run, each event that is taken polls the run: deadlines are kept, decisions
///   count, and calls that are ready begin, also if more events are queued. Of the
///   [progress](crate::EventKind::CallProgress) of a call only the latest is kept, so there are a few events for each
///   call.
/// - A [cancel](Self::cancel_on) is seen with the next event in any case.
///
/// Calls that run are tasks, and continue whether or not the consumer reads; so do those that wait for them.
///
/// Dropping the stream stops the run, as it does a [`Run`].
///
/// # Examples
///
/// ```
/// use agent_core::{Agent, EventKind, Response, ScriptedModel};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), agent_core::RunError> {
/// let model = ScriptedModel::new().turn(|_| Response::new().with_text("Hello."));
/// let mut run = Agent::new(model).stream("Hi");
/// let mut said = String::new();
/// while let Some(event) = run.next().await {
///     if let EventKind::Text { text } = event.kind {
///         said += &text;
///     }
/// }
/// assert_eq!(said, "Hello.");
/// assert_eq!(run.outcome().await?.text(), "Hello.");
/// # Ok(())
/// # }
/// ```
#[must_use = "a streamed run begins when `next` is awaited"]
pub struct RunStream<'a> {
    id: RunId,
    run: Option<Run<'a>>,
    events: Events,
    ended: Option<Result<Outcome, RunError>>,
}

impl<'a> Run<'a> {
    /// Its events, as they happen.
    ///
    /// # Panics
    ///
    /// When the run has begun: its first events are lost.
    pub fn stream(mut self) -> RunStream<'a> {
        let Some(events) = self.keep_events() else {
            panic!("a run that has begun has lost its events: call `stream` before it is polled")
        };
        RunStream { id: self.run_id(), run: Some(self), events, ended: None }
    }
}

impl Agent {
    /// Runs until the model has ended, and emits what happens on the way.
    pub fn stream(&self, input: impl Into<Input>) -> RunStream<'static> {
        self.run(input).stream()
    }
}

impl<'a> RunStream<'a> {
    /// The run's id, which its events carry too.
    #[must_use]
    pub fn run_id(&self) -> RunId {
        self.id
    }

    /// As [`Run::cancel_on`], at any time.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Agent, EventKind, ToolContext, Response, ScriptedModel, RunEnd, tool, tools};
    /// use std::future::ready;
    ///
    /// /// Wait until the run is cancelled.
    /// #[tool(read)]
    /// async fn wait(call: ToolContext) {
    ///     call.cancelled().await;
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), agent_core::RunError> {
    /// let model = ScriptedModel::new().turn(|_| Response::new().call("wait", "{}"));
    /// let mut run = Agent::new(model).tools(tools![wait]).stream("Hi");
    /// while let Some(event) = run.next().await {
    ///     if let EventKind::CallStarted { .. } = event.kind {
    ///         run = run.cancel_on(ready(()));
    ///     }
    /// }
    /// assert_eq!(run.outcome().await?.end(), &RunEnd::Cancelled);
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

    /// Runs to the end, without further events.
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
        // As a channel does: a flood of events must not starve the other tasks of the runtime.
        let turn = ready!(poll_proceed(cx));
        if let Some(run) = &mut self.run
            && (run.poll_cancelled(cx) || self.events.let_run())
            && let Poll::Ready(ended) = Pin::new(run).poll(cx)
        {
            (self.run, self.ended) = (None, Some(ended));
        }
        let event = self.events.pop();
        if event.is_none() && self.run.is_some() {
            return Poll::Pending;
        }
        turn.made_progress();
        Poll::Ready(event)
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
