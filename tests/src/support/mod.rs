//! What the tests of the loop share.

pub mod diary;
pub mod dice;
pub mod panics;
pub mod server;
pub mod store;
pub mod streamed;
pub mod watched;

use agent_core::{CallStatus, Outcome, Response, ScriptedModel, Transcript};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

pub const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A response from a list such as `look 800, save 20`: tools and their one argument `ms`.
pub fn plan(calls: &str) -> Response {
    calls.split(", ").fold(Response::new(), |response, call| {
        let (name, ms) = call.split_once(' ').unwrap();
        response.call(name, format!(r#"{{"ms":{ms}}}"#))
    })
}

/// A model that answers with this response, and then says `done`.
pub fn once(response: Response) -> ScriptedModel {
    ScriptedModel::new()
        .turn(move |_| response.clone())
        .turn(|_| Response::new().with_text("done").used(agent_core::Usage::default()))
}

/// When each call began and ended, in whole milliseconds.
pub fn spans(outcome: &Outcome) -> Vec<(u64, u64)> {
    let timeline = outcome.timeline();
    let spans = timeline.calls().iter();
    spans.map(|call| (whole_ms(call.started.unwrap()), whole_ms(call.ended))).collect()
}

pub fn whole_ms(time: Duration) -> u64 {
    assert_eq!(time.subsec_nanos() % 1_000_000, 0, "{time:?} is exact");
    u64::try_from(time.as_millis()).unwrap()
}

pub fn texts(transcript: &Transcript) -> Vec<&str> {
    transcript.results().map(agent_core::ToolResult::text).collect()
}

pub fn statuses(transcript: &Transcript) -> Vec<CallStatus> {
    transcript.results().map(agent_core::ToolResult::status).collect()
}

/// The transcript as JSON, which is read again to prove that it is valid.
pub fn saved(transcript: &Transcript) -> String {
    let saved = serde_json::to_string(transcript).unwrap();
    let loaded: Transcript = serde_json::from_str(&saved).unwrap();
    assert_eq!(loaded, *transcript);
    saved
}

/// A future that is dropped instead of being polled for the `at`th time, from 0.
pub struct StopAt<F> {
    future: Option<Pin<Box<F>>>,
    left: usize,
}

impl<F: Future> StopAt<F> {
    pub fn new(at: usize, future: F) -> Self {
        Self { future: Some(Box::pin(future)), left: at }
    }
}

impl<F: Future> Future for StopAt<F> {
    /// Nothing if it was dropped.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            self.future = None;
        }
        self.left = self.left.saturating_sub(1);
        match &mut self.future {
            Some(future) => future.as_mut().poll(cx).map(Some),
            None => Poll::Ready(None),
        }
    }
}
