//! A run that was asked for: to be awaited, or to be watched, and to be stopped.

use std::fmt;
use std::future::{Future, ready};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::log::event::EventKind;
use crate::log::event_fold::EventFold;
use crate::log::record::Record;
use crate::log::run_id::RunId;
use crate::log::step::Step;
use crate::model::BoxFuture;
use crate::rules::stop::{RunControl, StopSignal};
use crate::run::agent::Agent;
use crate::run::driver::Driver;
use crate::run::events::Events;
use crate::run::outcome::{Outcome, Ran, RunError, RunErrorKind, outcome};
use crate::run::place::RunPlace;
use crate::run::turn::drive;
use crate::sync::Handle;
use crate::tool::context::parent::ParentCall;
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
    id: RunId,
    state: State<'a>,
    /// Cancels it; until then.
    cancelled: Option<BoxFuture<'a, ()>>,
    wishes: Arc<RunControl>,
    /// Where its events go, if it has a consumer.
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

    /// The end of a run that has appended to it.
    fn into_ran(self, id: RunId, before: usize, record: Record) -> Ran {
        let transcript = match self {
            Self::Own(transcript) => transcript,
            Self::InChat(transcript) => transcript.clone(),
        };
        Ran { id, transcript, before, record }
    }
}

impl<'a> Run<'a> {
    pub(crate) fn new(agent: Agent, said: TranscriptRef<'a>, input: Option<Input>) -> Self {
        let state = State::Start(Start { agent, said, input });
        Self { id: RunId::new(), state, cancelled: None, wishes: Arc::default(), events: None }
    }

    /// Its id, which its [events](crate::Event), its outcome and its [pending calls](crate::PendingCall)
    /// carry.
    #[must_use]
    pub fn run_id(&self) -> RunId {
        self.id
    }

    /// Cancels the run when this future ends: that of a token, of a signal, of a channel. The one that was
    /// given last counts, and it may be given while the run goes on.
    ///
    /// The model is not waited for any more, and nothing starts. Calls that run are told
    /// ([`ToolContext::cancelled`](crate::ToolContext::cancelled)) and get [some time](crate::Limits::grace) to end. The
    /// outcome is [`RunEnd::Cancelled`](crate::RunEnd::Cancelled), and its transcript has a result for each call. What is written of an
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

    /// Ends the run after this time, counted from its first poll, with [`RunEnd::DeadlineExceeded`](crate::RunEnd::DeadlineExceeded);
    /// else [`Limits::run_timeout`](crate::Limits::run_timeout) does. The one that was set last counts, and
    /// may be set while the run goes on.
    ///
    /// As [`cancel_on`](Self::cancel_on); the time in which somebody is asked for
    /// [approval](crate::Agent::approve) does not count.
    pub fn deadline(self, time: Duration) -> Self {
        self.wishes.set_deadline(time);
        self
    }

    /// Keeps its events from now on; `None` if the run has begun, and the first ones are lost.
    pub(crate) fn keep_events(&mut self) -> Option<Events> {
        let State::Start(_) = self.state else { return None };
        Some(self.events.get_or_insert_with(|| Events::new(self.id)).clone())
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
            State::Start(start) => start.go(self.id, self.wishes.clone(), self.events.clone()),
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
        id: RunId,
        wishes: Arc<RunControl>,
        events: Option<Events>,
    ) -> BoxFuture<'a, Result<Outcome, RunError>> {
        let Self { agent, mut said, input } = self;
        let (mut record, before) = (Record::default(), said.transcript().messages().len());
        let parent = ParentCall::current();
        let (runtime, mut stop) = match agent.begin(wishes, parent.as_ref()) {
            Ok(begun) => begun,
            Err(error) => {
                let outcome = outcome(Err(error), said.into_ran(id, before, record));
                if let Some(events) = events {
                    events.end(|| Duration::ZERO, || last(&outcome));
                }
                return Box::pin(ready(outcome));
            }
        };
        if let Some(input) = input {
            said.transcript().push_user(input);
        }
        let began = stop.began();
        // The consumer of the outer run reads the events of this one too.
        let outer_is_watched = parent.as_ref().is_some_and(ParentCall::is_watched);
        let mut outer = outer_is_watched.then(|| Box::new(EventFold::new(id)));
        // What is captured is held once, what is bound in here may be held twice.
        Box::pin(async move {
            let mut emit = |step: &Step<'_>| {
                record.apply(step);
                if let Some(parent) = &parent {
                    add_usage(parent, step);
                    if let Some(event) =
                        outer.as_mut().and_then(|fold| fold.event(step, || began.elapsed()))
                    {
                        parent.nested(event);
                    }
                }
                if let Some(events) = &events {
                    events.add(step, || began.elapsed());
                }
            };
            let rules = (agent.inner.max_turns, &agent.inner.limits);
            let watched = events.is_some() || outer_is_watched;
            let (agent_of_run, parent, runtime) = (&*agent.inner, parent.as_ref(), &runtime);
            let place = RunPlace { agent: agent_of_run, run: id, runtime, parent, watched, began };
            let mut driver = Driver::new(place, &mut stop);
            let ended = drive(&mut driver, rules, said.transcript(), &mut emit).await;
            let outcome = outcome(ended, said.into_ran(id, before, record));
            if let Some(events) = &events {
                events.end(|| began.elapsed(), || last(&outcome));
            }
            outcome
        })
    }
}

/// Adds what a step of a nested run has used to the run around it: at once, so that nothing is lost if the
/// nested run is dropped.
fn add_usage(parent: &ParentCall, step: &Step<'_>) {
    match step {
        Step::Answered { response: Some(response), .. } => parent.add_usage(response.usage()),
        Step::NestedUsage { usage } => parent.add_usage(*usage),
        _ => {}
    }
}

/// The last event of a run.
fn last(outcome: &Result<Outcome, RunError>) -> EventKind {
    match outcome {
        Ok(outcome) => EventKind::RunEnded { end: outcome.end().clone() },
        Err(error) => EventKind::RunFailed { error: format!("{error:?}") },
    }
}

impl Agent {
    /// Runs until the model has said all: await the [`Run`], or watch it.
    pub fn run(&self, input: impl Into<Input>) -> Run<'static> {
        Run::new(self.clone(), TranscriptRef::Own(Transcript::default()), Some(input.into()))
    }

    /// Where a run goes on, and what stops it; within a call, the stop of that call too.
    fn begin(
        &self,
        wishes: Arc<RunControl>,
        parent: Option<&ParentCall>,
    ) -> Result<(Handle, StopSignal<'static>), RunErrorKind> {
        self.may_run()?;
        let runtime = Handle::try_current().map_err(|_| RunErrorKind::NoRuntime)?;
        let time = self.inner.limits.run_timeout;
        let stopped = parent.map(|parent| -> BoxFuture<'static, ()> {
            Box::pin(parent.stopped().cancelled_owned())
        });
        let stop = StopSignal::new(wishes, time, stopped).ok_or(RunErrorKind::NoTimer)?;
        Ok((runtime, stop))
    }

    fn may_run(&self) -> Result<(), RunErrorKind> {
        match self.inner.toolset.destructive() {
            Some(tool) if !self.inner.approval.is_possible() => {
                Err(RunErrorKind::NoApprover { tool: tool.clone() })
            }
            _ => Ok(()),
        }
    }
}
