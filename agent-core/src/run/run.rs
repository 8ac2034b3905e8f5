//! A run that was asked for: to be awaited, or to be watched, and to be stopped.

use std::fmt;
use std::future::{Future, ready};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::log::end::RunEnd;
use crate::log::event::Event;
use crate::log::step::{Record, Step};
use crate::model::BoxFuture;
use crate::rules::stop::{RunControl, StopSignal};
use crate::run::agent::Agent;
use crate::run::driver::Driver;
use crate::run::events::Events;
use crate::run::outcome::{Outcome, Ran, RunError, RunErrorKind, outcome};
use crate::run::stream::RunStream;
use crate::run::turn::drive;
use crate::sync::Handle;
use crate::tool::context::ParentCall;
use crate::transcript::{Input, Transcript};

/// A run: await it for its [`Outcome`], or [watch](Self::stream) it.
///
/// It begins when it is first polled. Dropping it stops the calls that run; nothing starts after that.
/// [Cancel](Self::cancel_on) and [deadline](Self::deadline) may be set at any time.
///
/// # Errors
///
/// When the model cannot be asked, a tool returned a fatal error, a response is too large, or there is no
/// tokio runtime with a timer. Each carries the transcript so far. What goes wrong in a call is no error: it is the
/// call's result.
///
/// # Panics
///
/// When it is polled after its end.
///
/// # Examples
///
/// ```
/// use agent_core::{Agent, Response, ScriptedModel, RunEnd};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), agent_core::RunError> {
/// let model = ScriptedModel::new().latency(Duration::from_secs(60)).turn(|_| Response::new());
/// let run = Agent::new(model).run("Think for long.");
/// let outcome = run.deadline(Duration::from_millis(10)).await?;
/// assert_eq!(outcome.end(), &RunEnd::DeadlineExceeded);
/// # Ok(())
/// # }
/// ```
#[must_use = "a run begins when it is awaited or watched"]
pub struct Run<'a> {
    state: State<'a>,
    /// Cancels it; until then.
    cancelled: Option<BoxFuture<'a, ()>>,
    wishes: Arc<RunControl>,
    /// Where its events go, if somebody watches.
    events: Option<Events>,
}

enum State<'a> {
    Start(Start<'a>),
    Going(BoxFuture<'a, Result<Outcome, RunError>>),
    Over,
}

/// What a run is made of.
pub(crate) struct Start<'a> {
    pub(crate) agent: Agent,
    pub(crate) said: TranscriptRef<'a>,
    pub(crate) input: Option<Input>,
}

/// What was said before, to which the run appends.
pub(crate) enum TranscriptRef<'a> {
    Own(Transcript),
    InChat(&'a mut Transcript),
}

impl TranscriptRef<'_> {
    fn transcript(&mut self) -> &mut Transcript {
        match self {
            Self::Own(transcript) => transcript,
            Self::InChat(transcript) => transcript,
        }
    }
}

impl<'a> Run<'a> {
    pub(crate) fn new(agent: Agent, said: TranscriptRef<'a>, input: Option<Input>) -> Self {
        let state = State::Start(Start { agent, said, input });
        Self { state, cancelled: None, wishes: Arc::default(), events: None }
    }

    /// Cancels the run when this future ends: that of a token, of a signal, of a channel. The one that was
    /// given last counts, and it may be given while the run goes on.
    ///
    /// The model is not waited for any more, and nothing starts. Calls that run are told
    /// ([`ToolContext::cancelled`](crate::ToolContext::cancelled)) and get [some time](crate::Limits::grace) to end. The
    /// outcome is [`RunEnd::Cancelled`], and its transcript has a result for each call. What is written of an
    /// answer by then is dropped, with the calls that began early in it, which only read. A run within a call
    /// is cancelled with the run of that call.
    ///
    /// It acts while the run is polled, as deadlines do: spawn a run whose watcher may stop to look.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Agent, Response, ScriptedModel, RunEnd};
    /// use std::time::Duration;
    /// use tokio_util::sync::CancellationToken;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), agent_core::RunError> {
    /// let token = CancellationToken::new();
    /// let model = ScriptedModel::new().latency(Duration::from_secs(60)).turn(|_| Response::new());
    /// let run = Agent::new(model).run("Think for long.").cancel_on(token.clone().cancelled_owned());
    /// token.cancel();
    /// assert_eq!(run.await?.end(), &RunEnd::Cancelled);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Whoever waits for something else too cancels it then:
    ///
    /// ```
    /// use agent_core::{Agent, Response, ScriptedModel, RunEnd};
    /// use std::future::ready;
    /// use std::time::Duration;
    /// use tokio::time::sleep;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), agent_core::RunError> {
    /// let model = ScriptedModel::new().latency(Duration::from_secs(60)).turn(|_| Response::new());
    /// let mut run = Agent::new(model).run("Think for long.");
    /// let outcome = tokio::select! {
    ///     outcome = &mut run => outcome?,
    ///     () = sleep(Duration::from_millis(10)) => run.cancel_on(ready(())).await?,
    /// };
    /// assert_eq!(outcome.end(), &RunEnd::Cancelled);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_on(mut self, cancelled: impl Future + Send + 'a) -> Self {
        self.cancelled = Some(Box::pin(async move { _ = cancelled.await }));
        self
    }

    /// Ends the run after this time, counted from its first poll, with [`RunEnd::DeadlineExceeded`];
    /// else [`Limits::run_timeout`](crate::Limits::run_timeout) does. The one that was set last counts, and
    /// may be set while the run goes on.
    ///
    /// As [`cancel_on`](Self::cancel_on); the time in which somebody is asked for
    /// [approval](crate::Agent::approve) does not count.
    pub fn deadline(self, time: Duration) -> Self {
        self.wishes.set_deadline(time);
        self
    }

    /// Its events, as they happen.
    ///
    /// # Panics
    ///
    /// When the run has begun: nobody has kept its events.
    pub fn stream(mut self) -> RunStream<'a> {
        let is_asked = matches!(self.state, State::Start(_));
        assert!(
            is_asked,
            "a run that has begun has lost its events: call `stream` before it is polled"
        );
        let events = self.events.get_or_insert_default().clone();
        RunStream::new(self, events)
    }

    /// Passes a cancel on to the run. Returned: whether there was one.
    pub(crate) fn poll_cancelled(&mut self, cx: &mut Context<'_>) -> bool {
        if let Some(cancelled) = &mut self.cancelled
            && cancelled.as_mut().poll(cx).is_ready()
        {
            self.cancelled = None;
            self.wishes.cancel();
        }
        self.wishes.is_cancelled()
    }
}

impl Future for Run<'_> {
    type Output = Result<Outcome, RunError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        _ = self.poll_cancelled(cx);
        let mut going = match mem::replace(&mut self.state, State::Over) {
            State::Start(asked) => asked.go(self.wishes.clone(), self.events.clone()),
            State::Going(going) => going,
            State::Over => panic!("a run was polled after its end: it gives its outcome once"),
        };
        let polled = going.as_mut().poll(cx);
        if polled.is_pending() {
            self.state = State::Going(going);
        }
        polled
    }
}

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}

impl<'a> Start<'a> {
    fn go(
        self,
        wishes: Arc<RunControl>,
        events: Option<Events>,
    ) -> BoxFuture<'a, Result<Outcome, RunError>> {
        let Self { agent, mut said, input } = self;
        let (mut record, before) = (Record::default(), said.transcript().messages().len());
        let around = ParentCall::current();
        let mut halting = match agent.begin(wishes, around.as_ref()) {
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
                    events.tell(step);
                }
            };
            let rules = (agent.inner.max_turns, &agent.inner.limits);
            let (watched, around) = (events.is_some(), around.as_ref());
            let mut runtime = Driver::new(&agent.inner, around, watched, &mut halting);
            let ended = drive(&mut runtime, rules, said.transcript(), &mut emit).await;
            end(ended, said, before, record, events.as_ref())
        })
    }
}

/// The outcome of a run, which is its last event too.
fn end(
    ended: Result<RunEnd, RunErrorKind>,
    said: TranscriptRef<'_>,
    before: usize,
    record: Record,
    events: Option<&Events>,
) -> Result<Outcome, RunError> {
    let transcript = match said {
        TranscriptRef::Own(transcript) => transcript,
        TranscriptRef::InChat(transcript) => transcript.clone(),
    };
    let outcome = outcome(ended, Ran { transcript, before, record });
    if let Some(events) = events {
        events.end(|| last(&outcome));
    }
    outcome
}

fn last(outcome: &Result<Outcome, RunError>) -> Event {
    match outcome {
        Ok(outcome) => Event::RunEnded { end: outcome.end().clone() },
        Err(error) => Event::RunFailed { error: format!("{error:?}") },
    }
}

impl Agent {
    /// Runs until the model has said all: await the [`Run`], or watch it.
    pub fn run(&self, input: impl Into<Input>) -> Run<'static> {
        Run::new(self.clone(), TranscriptRef::Own(Transcript::default()), Some(input.into()))
    }

    /// Runs until the model has said all, and tells what happens on the way.
    pub fn stream(&self, input: impl Into<Input>) -> RunStream<'static> {
        self.run(input).stream()
    }

    /// What stops the run that begins; within a call, the stop of that one too.
    fn begin(
        &self,
        wishes: Arc<RunControl>,
        around: Option<&ParentCall>,
    ) -> Result<StopSignal<'static>, RunErrorKind> {
        self.may_run()?;
        let time = self.inner.limits.run_timeout;
        let stopped = around.map(|around| -> BoxFuture<'static, ()> {
            Box::pin(around.batch.stopped(around.index).cancelled_owned())
        });
        StopSignal::new(wishes, time, stopped).ok_or(RunErrorKind::NoTimer)
    }

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
