//! A run that was asked for: to be awaited, or to be watched, and to be stopped.

use std::fmt;
use std::future::{Future, poll_fn, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::watched::{Events, RunStream};
use super::{Agent, InProcess};
use crate::context::Around;
use crate::event::Event;
use crate::halt::Halting;
use crate::model::BoxFuture;
use crate::outcome::{Outcome, Ran, RunError, RunErrorKind, Stop, outcome};
use crate::record::{Record, Step};
use crate::run::drive;
use crate::sync::Handle;
use crate::transcript::{Input, Transcript};

/// A run: await it for its [`Outcome`], or [watch](Self::stream) it.
///
/// It begins when it is first polled. Dropping it stops the calls that run; nothing starts after that.
///
/// # Errors
///
/// When the model cannot be asked, a tool returned a fatal error, a response is too large, or there is no
/// tokio runtime with a timer. Each carries the transcript so far. What goes wrong in a call is no error: it is the
/// call's result.
///
/// # Examples
///
/// ```
/// use agent_core::{Agent, Response, ScriptedModel, Stop};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), agent_core::RunError> {
/// let model = ScriptedModel::new().latency(Duration::from_secs(60)).turn(|_| Response::new());
/// let run = Agent::new(model).run("Think for long.");
/// let outcome = run.deadline(Duration::from_millis(10)).await?;
/// assert_eq!(outcome.stop(), &Stop::DeadlineExceeded);
/// # Ok(())
/// # }
/// ```
#[must_use = "a run begins when it is awaited or watched"]
pub struct Run<'a> {
    state: State<'a>,
    /// Where its events go, if somebody watches.
    events: Option<Events>,
}

enum State<'a> {
    /// Taken out when it begins.
    Asked(Option<Asked<'a>>),
    Going(BoxFuture<'a, Result<Outcome, RunError>>),
}

/// What a run is made of.
pub(crate) struct Asked<'a> {
    pub(crate) agent: Agent,
    pub(crate) said: Said<'a>,
    pub(crate) input: Option<Input>,
    cancelled: Option<BoxFuture<'a, ()>>,
    deadline: Option<Duration>,
}

/// What was said before, to which the run appends.
pub(crate) enum Said<'a> {
    Own(Transcript),
    InChat(&'a mut Transcript),
}

impl Said<'_> {
    fn transcript(&mut self) -> &mut Transcript {
        match self {
            Self::Own(transcript) => transcript,
            Self::InChat(transcript) => transcript,
        }
    }
}

impl<'a> Run<'a> {
    pub(crate) fn new(agent: Agent, said: Said<'a>, input: Option<Input>) -> Self {
        let asked = Asked { agent, said, input, cancelled: None, deadline: None };
        Self { state: State::Asked(Some(asked)), events: None }
    }

    /// Cancels the run when this future ends: that of a token, of a signal, of a channel. The one that was
    /// given last counts.
    ///
    /// The model is not waited for any more, and nothing starts. Calls that run are told
    /// ([`Ctx::cancelled`](crate::Ctx::cancelled)) and get [some time](crate::Limits::grace) to end. The
    /// outcome is [`Stop::Cancelled`], and its transcript has a result for each call. What is written of an
    /// answer by then is dropped, with the calls that began early in it, which only read. A run within a call
    /// is cancelled with the run of that call.
    ///
    /// It acts while the run is polled, as deadlines do: spawn a run whose watcher may stop to look.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Agent, Response, ScriptedModel, Stop};
    /// use std::time::Duration;
    /// use tokio_util::sync::CancellationToken;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), agent_core::RunError> {
    /// let token = CancellationToken::new();
    /// let model = ScriptedModel::new().latency(Duration::from_secs(60)).turn(|_| Response::new());
    /// let run = Agent::new(model).run("Think for long.").cancel_on(token.clone().cancelled_owned());
    /// token.cancel();
    /// assert_eq!(run.await?.stop(), &Stop::Cancelled);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_on(mut self, cancelled: impl Future + Send + 'a) -> Self {
        if let State::Asked(Some(asked)) = &mut self.state {
            asked.cancelled = Some(Box::pin(async move { _ = cancelled.await }));
        }
        self
    }

    /// Ends the run after this time, counted from its first poll, with [`Stop::DeadlineExceeded`];
    /// else [`Limits::run_timeout`](crate::Limits::run_timeout) does.
    ///
    /// As [`cancel_on`](Self::cancel_on); the time in which somebody is asked for
    /// [approval](crate::Agent::approve) does not count.
    pub fn deadline(mut self, time: Duration) -> Self {
        if let State::Asked(Some(asked)) = &mut self.state {
            asked.deadline = Some(time);
        }
        self
    }

    /// Its events, as they happen.
    pub fn stream(mut self) -> RunStream<'a> {
        let events = self.events.get_or_insert_default().clone();
        RunStream::new(self, events)
    }
}

impl Future for Run<'_> {
    type Output = Result<Outcome, RunError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let State::Asked(asked) = &mut self.state
            && let Some(asked) = asked.take()
        {
            self.state = State::Going(asked.go(self.events.clone()));
        }
        match &mut self.state {
            State::Going(run) => run.as_mut().poll(cx),
            State::Asked(_) => Poll::Pending,
        }
    }
}

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}

impl<'a> Asked<'a> {
    fn go(self, events: Option<Events>) -> BoxFuture<'a, Result<Outcome, RunError>> {
        let Self { agent, mut said, input, cancelled, deadline } = self;
        let (mut record, before) = (Record::default(), said.transcript().messages().len());
        let time = deadline.unwrap_or(agent.inner.limits.run_timeout);
        let around = Around::current();
        let cancelled = with_the_call(around.as_ref(), cancelled);
        let may_run = agent.may_run();
        let halting =
            may_run.and_then(|()| Halting::new(cancelled, time).ok_or(RunErrorKind::NoTimer));
        let mut halting = match halting {
            Ok(halting) => halting,
            Err(error) => {
                return Box::pin(ready(end(Err(error), said, before, record, events.as_ref())));
            }
        };
        if let Some(input) = input {
            said.transcript().push_user(input);
        }
        // What is captured is held once, what is bound in here may be held twice.
        Box::pin(async move {
            let mut emit = |step: &Step<'_>| {
                record.apply(step);
                if let Some(events) = &events {
                    events.push(|| Event::of(step));
                }
            };
            let rules = (agent.inner.max_turns, &agent.inner.limits);
            let (watched, around) = (events.is_some(), around.as_ref());
            let mut runtime = InProcess::new(&agent.inner, around, watched, &mut halting);
            let ended = drive(&mut runtime, rules, said.transcript(), &mut emit).await;
            end(ended, said, before, record, events.as_ref())
        })
    }
}

/// A run within a call is cancelled when that is stopped.
fn with_the_call<'a>(
    around: Option<&Around>,
    cancelled: Option<BoxFuture<'a, ()>>,
) -> Option<BoxFuture<'a, ()>> {
    let Some(around) = around else { return cancelled };
    let mut stopped = Box::pin(around.batch.stopped(around.index).cancelled_owned());
    let mut cancelled = cancelled.unwrap_or_else(|| Box::pin(std::future::pending()));
    Some(Box::pin(poll_fn(move |cx| match stopped.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => cancelled.as_mut().poll(cx),
    })))
}

/// The outcome of a run, which is its last event too.
fn end(
    ended: Result<Stop, RunErrorKind>,
    said: Said<'_>,
    before: usize,
    record: Record,
    events: Option<&Events>,
) -> Result<Outcome, RunError> {
    let transcript = match said {
        Said::Own(transcript) => transcript,
        Said::InChat(transcript) => transcript.clone(),
    };
    let outcome = outcome(ended, Ran { transcript, before, record });
    if let Some(events) = events {
        events.push(|| Some(last(&outcome)));
    }
    outcome
}

fn last(outcome: &Result<Outcome, RunError>) -> Event {
    match outcome {
        Ok(outcome) => Event::RunEnded { stop: outcome.stop().clone() },
        Err(error) => Event::RunFailed { error: format!("{error:?}") },
    }
}

impl Agent {
    fn may_run(&self) -> Result<(), RunErrorKind> {
        if Handle::try_current().is_err() {
            return Err(RunErrorKind::NoRuntime);
        }
        match self.inner.toolset.destructive() {
            Some(tool) if !self.inner.approval.is_possible() => {
                Err(RunErrorKind::NoApprover { tool: tool.clone() })
            }
            _ => Ok(()),
        }
    }
}
