//! The loop: ask the model, run the calls of its response, answer all of them, and so on.

use std::future::Future;
use std::time::Duration;

use crate::dispatch::batch::Results;
use crate::dispatch::seal::Broken;
use crate::error::ModelError;
use crate::log::end::RunEnd;
use crate::log::step::{Emit, Step};
use crate::model::retry;
use crate::model::retry::Pause;
use crate::rules::limits::{Limits, cut_results};
use crate::rules::stop::StopCause;
use crate::run::outcome::RunErrorKind;
use crate::transcript::{Content, Response, StopReason, ToolCall, Transcript, Turn};

/// What the loop asks of its surroundings. All else follows from its inputs: it has no clock.
pub(crate) trait Runtime: Send {
    /// Asks the model about what was said so far. Calls of the answer may begin while it comes.
    fn model(
        &mut self,
        turn: u32,
        transcript: &Transcript,
        emit: &mut Emit<'_>,
    ) -> impl Future<Output = Result<Response, Unanswered>> + Send;

    /// Runs the calls of the last response, and hands over their results as they end.
    fn calls(
        &mut self,
        turn: u32,
        calls: &[&ToolCall],
        emit: &mut Emit<'_>,
        results: &mut Results<'_>,
    ) -> impl Future<Output = Option<Broken>> + Send;

    /// Stops the calls of that response that have started, because it makes none.
    fn no_calls(&mut self, calls: &[&ToolCall], emit: &mut Emit<'_>, results: &mut Results<'_>);

    /// Waits before the model is asked again, because of this error.
    fn pause(
        &mut self,
        pause: Pause,
        error: &ModelError,
    ) -> impl Future<Output = Option<StopCause>> + Send;

    /// The time since the run began.
    fn elapsed(&self) -> Duration;
}

/// Why there is no response.
pub(crate) enum Unanswered {
    Failed(ModelError),
    Stopped(StopCause),
}

/// What follows a response: the one place that decides it.
enum Next {
    RunTools,
    Resend,
    Finish(RunEnd),
}

fn next(response: &Response) -> Next {
    match response.stop_reason() {
        StopReason::ToolUse if response.calls().next().is_some() => Next::RunTools,
        StopReason::EndTurn | StopReason::ToolUse | StopReason::StopSequence => {
            Next::Finish(RunEnd::Done)
        }
        StopReason::Paused => Next::Resend,
        StopReason::MaxTokens => Next::Finish(RunEnd::Truncated),
        StopReason::Refusal => Next::Finish(RunEnd::Refused),
        StopReason::Filtered => Next::Finish(RunEnd::Filtered),
        StopReason::Other(reason) => Next::Finish(RunEnd::Other(reason.clone())),
    }
}

/// Runs turns until the model has said all, and appends them to the transcript one by one.
///
/// Dropped at any point, the future leaves a transcript that can be continued.
pub(crate) async fn drive<R: Runtime>(
    runtime: &mut R,
    (max_turns, limits): (u32, &Limits),
    transcript: &mut Transcript,
    emit: &mut Emit<'_>,
) -> Result<RunEnd, RunErrorKind> {
    for turn in 1..=max_turns.max(1) {
        emit(&Step::TurnStarted { turn, at: runtime.elapsed() });
        let response = match ask(runtime, turn, transcript, limits.retries, emit).await {
            Ok(response) => response,
            Err(Unanswered::Failed(error)) => return Err(RunErrorKind::Model(error)),
            Err(Unanswered::Stopped(halt)) => return Ok(stopped(halt)),
        };
        if let Err(error) = check_size(&response, limits.response_bytes) {
            let calls: Vec<_> = response.calls().collect();
            runtime.no_calls(&calls, emit, &mut |_, _| {});
            return Err(error);
        }
        let next = next(&response);
        let open = OpenTurn::new(transcript, response, limits);
        let why = match &next {
            Next::RunTools => None,
            Next::Resend => Some("the response was paused"),
            Next::Finish(RunEnd::Done) => Some("the response had ended"),
            Next::Finish(_) => Some("the response was cut off"),
        };
        let halted = run_tools(runtime, turn, open, why, emit).await?;
        match (halted, next) {
            (Some(halt), _) => return Ok(stopped(halt)),
            (None, Next::Finish(stop)) => return Ok(stop),
            (None, Next::RunTools | Next::Resend) => {}
        }
    }
    Ok(RunEnd::MaxTurns)
}

fn stopped(halt: StopCause) -> RunEnd {
    match halt {
        StopCause::Cancelled => RunEnd::Cancelled,
        StopCause::RunOver | StopCause::TurnOver => RunEnd::DeadlineExceeded,
    }
}

/// One response of the model: the one place where it is asked again.
async fn ask<R: Runtime>(
    runtime: &mut R,
    turn: u32,
    transcript: &Transcript,
    retries: u32,
    emit: &mut Emit<'_>,
) -> Result<Response, Unanswered> {
    let mut attempt = 1;
    let answer = loop {
        let error = match runtime.model(turn, transcript, emit).await {
            Err(Unanswered::Failed(error)) => error,
            answer => break answer,
        };
        let pause = if attempt > retries { None } else { retry::pause(&error, attempt) };
        let Some(pause) = pause else {
            break Err(Unanswered::Failed(error.with_attempts(attempt)));
        };
        emit(&Step::TurnRestarted { error: &error });
        // Boxed: most runs never pause, and hold no room for it.
        if let Some(halt) = Box::pin(runtime.pause(pause, &error)).await {
            break Err(Unanswered::Stopped(halt));
        }
        attempt += 1;
    };
    emit(&Step::Answered { at: runtime.elapsed(), response: answer.as_ref().ok() });
    answer
}

/// Runs the calls of a response; or none of them, for this reason.
async fn run_tools<R: Runtime>(
    runtime: &mut R,
    number: u32,
    mut open: OpenTurn<'_>,
    why_none: Option<&'static str>,
    emit: &mut Emit<'_>,
) -> Result<Option<StopCause>, RunErrorKind> {
    let response = open.turn.response().clone();
    let mut calls = Vec::with_capacity(response.blocks().len());
    calls.extend(response.calls());
    let mut results = |index, result| open.turn.answer(index, result);
    let broken = match why_none {
        Some(_) => {
            runtime.no_calls(&calls, emit, &mut results);
            None
        }
        None => runtime.calls(number, &calls, emit, &mut results).await,
    };
    let why = why_none.unwrap_or("the run ended");
    open.turn.fill(why, |index, call, result| emit(&Step::CallEnded { index, call, result }));
    open.close(why);
    emit(&Step::TurnEnded { response: &response });
    match broken {
        Some(Broken::Fatal(index, error)) => {
            let tool = calls.get(index).map(|call| call.shared_name()).unwrap_or_default();
            Err(RunErrorKind::Fatal { tool, error })
        }
        Some(Broken::Stopped(halt)) => Ok(Some(halt)),
        None => Ok(None),
    }
}

fn check_size(response: &Response, most: usize) -> Result<(), RunErrorKind> {
    let size = |view: &Content| match view {
        Content::Text(text) | Content::Thinking(text) => text.len(),
        Content::ToolCall(call) => {
            [call.id(), call.name(), call.arguments()].map(str::len).iter().sum()
        }
        Content::Opaque => 0,
    };
    let blocks = response.blocks().iter();
    let bytes = blocks
        .map(|block| block.raw().map_or_else(|| size(block.content()), |raw| raw.get().len()))
        .sum();
    if bytes <= most { Ok(()) } else { Err(RunErrorKind::ResponseTooLarge { bytes, most }) }
}

/// A turn on its way into the transcript: dropped, it goes there too, with all its calls closed.
struct OpenTurn<'a> {
    transcript: &'a mut Transcript,
    turn: Turn,
    limits: &'a Limits,
    /// Why a call without a result never started.
    why: &'static str,
}

impl<'a> OpenTurn<'a> {
    fn new(transcript: &'a mut Transcript, response: Response, limits: &'a Limits) -> Self {
        let why = "the run was dropped";
        Self { transcript, turn: Turn::open(response), limits, why }
    }

    /// Closes the turn; calls without a result never started, because of `why`.
    fn close(mut self, why: &'static str) {
        self.why = why;
    }
}

impl Drop for OpenTurn<'_> {
    fn drop(&mut self) {
        cut_results(self.turn.results_mut(), self.limits);
        self.turn.close(self.transcript, self.why);
    }
}
