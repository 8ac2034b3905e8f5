//! The loop: ask the model, run the calls of its response, answer all of them, and so on.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::error::ModelError;
use crate::event::{CallRow, Event};
use crate::limits::{Limits, cut_results};
use crate::outcome::{RunErrorKind, Stop};
use crate::retry::{self, Pause};
use crate::transcript::{
    Response, StopReason, ToolCall, ToolResult, Transcript, Turn, Usage, View,
};

/// What the loop asks of its surroundings. All else follows from its inputs: it has no clock.
pub(crate) trait Runtime: Send {
    /// Asks the model about what was said so far.
    fn model(
        &mut self,
        transcript: &Transcript,
    ) -> impl Future<Output = Result<Response, ModelError>> + Send;

    /// Runs the calls of a response, and hands over each result as it comes.
    fn calls(
        &mut self,
        turn: u32,
        calls: &[&ToolCall],
        done: &mut Done<'_>,
    ) -> impl Future<Output = Option<Fatal>> + Send;

    /// Waits before the model is asked again, because of this error.
    fn pause(&mut self, pause: Pause, error: &ModelError) -> impl Future<Output = ()> + Send;

    /// The time since the run began.
    fn elapsed(&self) -> Duration;
}

/// Takes a result and what is recorded of its call.
pub(crate) type Done<'a> = dyn FnMut(ToolResult, CallRow) + Send + 'a;

/// Takes the events of a run.
pub(crate) type Emit<'a> = dyn FnMut(Event) + Send + 'a;

/// An error of a tool that ends the run, and the tool's name.
pub(crate) struct Fatal {
    pub(crate) tool: Arc<str>,
    pub(crate) error: Arc<dyn Error + Send + Sync>,
}

/// What follows a response: the one place that decides it.
enum Next {
    RunTools,
    Resend,
    Finish(Stop),
}

fn next(response: &Response) -> Next {
    match response.stop_reason() {
        StopReason::ToolUse if response.calls().next().is_some() => Next::RunTools,
        StopReason::EndTurn | StopReason::ToolUse | StopReason::StopSequence => {
            Next::Finish(Stop::Done)
        }
        StopReason::Paused => Next::Resend,
        StopReason::MaxTokens => Next::Finish(Stop::Truncated),
        StopReason::Refusal => Next::Finish(Stop::Refused),
        StopReason::Filtered => Next::Finish(Stop::Filtered),
        StopReason::Other(reason) => Next::Finish(Stop::Other(reason.clone())),
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
) -> Result<Stop, RunErrorKind> {
    for turn in 1..=max_turns.max(1) {
        emit(Event::TurnStarted { at: runtime.elapsed() });
        let answer = ask(runtime, transcript, limits.retries, emit).await;
        let (usage, calls) = match &answer {
            Ok(response) => (response.usage(), response.calls().count()),
            Err(_) => (Usage::default(), 0),
        };
        emit(Event::TurnEnded { at: runtime.elapsed(), usage, calls });
        let response = answer.map_err(RunErrorKind::Model)?;
        check_size(&response, limits.response)?;
        let next = next(&response);
        let open = OpenTurn::new(transcript, response, limits);
        match next {
            Next::RunTools => run_tools(runtime, turn, open, emit).await?,
            Next::Resend => open.close("the response was paused"),
            Next::Finish(stop) => {
                open.close(match stop {
                    Stop::Done => "the response had ended",
                    _ => "the response was cut off",
                });
                return Ok(stop);
            }
        }
    }
    Ok(Stop::MaxTurns)
}

/// One response of the model: the one place where it is asked again.
async fn ask<R: Runtime>(
    runtime: &mut R,
    transcript: &Transcript,
    retries: u32,
    emit: &mut Emit<'_>,
) -> Result<Response, ModelError> {
    let mut attempt = 1;
    loop {
        let error = match runtime.model(transcript).await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let pause = if attempt > retries { None } else { retry::pause(&error, attempt) };
        let Some(pause) = pause else { return Err(error.with_attempts(attempt)) };
        emit(Event::TurnRetried);
        runtime.pause(pause, &error).await;
        attempt += 1;
    }
}

async fn run_tools<R: Runtime>(
    runtime: &mut R,
    number: u32,
    mut open: OpenTurn<'_>,
    emit: &mut Emit<'_>,
) -> Result<(), RunErrorKind> {
    let response = open.turn.response().clone();
    let mut calls = Vec::with_capacity(response.blocks().len());
    calls.extend(response.calls());
    let mut done = |result, row: CallRow| {
        open.turn.answer(row.index, result);
        emit(Event::CallEnded(row));
    };
    let fatal = runtime.calls(number, &calls, &mut done).await;
    open.close("the run ended");
    match fatal {
        Some(Fatal { tool, error }) => Err(RunErrorKind::Fatal { tool, error }),
        None => Ok(()),
    }
}

fn check_size(response: &Response, most: usize) -> Result<(), RunErrorKind> {
    let size = |view: &View| match view {
        View::Text(text) | View::Thinking(text) => text.len(),
        View::ToolCall(call) => {
            [call.id(), call.name(), call.arguments()].map(str::len).iter().sum()
        }
        View::Opaque => 0,
    };
    let blocks = response.blocks().iter();
    let bytes = blocks
        .map(|block| block.raw().map_or_else(|| size(block.view()), |raw| raw.get().len()))
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
        let mut turn = std::mem::take(&mut self.turn);
        cut_results(turn.results_mut(), self.limits);
        turn.close(self.transcript, self.why);
    }
}
