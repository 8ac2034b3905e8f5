//! Models without a provider, for tests and examples.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::ModelError;
use crate::model::{BoxFuture, Delta, Model, Request};
use crate::transcript::{Content, Response, StopReason, ToolCall};

type TurnFn = dyn Fn(&Request<'_>) -> Response + Send + Sync;

/// A model that answers from a script.
///
/// Each turn is a closure that receives the actual request: it can build its answer from the tools'
/// results, and assert that the request is right. The number of responses in the request's
/// transcript selects the turn, so one script serves any number of runs.
///
/// # Examples
///
/// ```
/// use agent_core::{Agent, Response, ScriptedModel};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), agent_core::RunError> {
/// let model = ScriptedModel::new().latency(Duration::from_millis(5)).turn(|request| {
///     assert_eq!(request.system(), Some("Be brief."));
///     Response::new().with_text("Yes.")
/// });
/// assert_eq!(Agent::new(model).system("Be brief.").run("Well?").await?.text(), "Yes.");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct ScriptedModel {
    turns: Vec<ScriptedTurn>,
    latency: Duration,
    pace: Option<Duration>,
    repeats: bool,
}

#[derive(Clone)]
struct ScriptedTurn {
    latency: Duration,
    pace: Option<Duration>,
    answer: Arc<TurnFn>,
}

impl ScriptedModel {
    /// A script without turns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long the model thinks in each turn that is added after this.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Sets how long the model takes for each word in each turn that is added after this. The model
    /// then streams its answers, and calls that read can start meanwhile. Without a pace, answers
    /// arrive whole.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Agent, EventKind, Response, ScriptedModel};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let model = ScriptedModel::new().pace(Duration::from_millis(1));
    /// let mut run = Agent::new(model.turn(|_| Response::new().with_text("One, two."))).stream("Count.");
    /// let mut words = Vec::new();
    /// while let Some(event) = run.next().await {
    ///     if let EventKind::Text { text } = event.kind {
    ///         words.push(text);
    ///     }
    /// }
    /// assert_eq!(words, ["One, ", "two."]);
    /// # }
    /// ```
    #[must_use]
    pub fn pace(mut self, word: Duration) -> Self {
        self.pace = Some(word);
        self
    }

    /// Adds a turn.
    #[must_use]
    pub fn turn(
        mut self,
        answer: impl Fn(&Request<'_>) -> Response + Send + Sync + 'static,
    ) -> Self {
        let (latency, pace) = (self.latency, self.pace);
        self.turns.push(ScriptedTurn { latency, pace, answer: Arc::new(answer) });
        self
    }

    /// Repeats the last turn for all further requests, which would otherwise be an error.
    #[must_use]
    pub fn repeat(mut self) -> Self {
        self.repeats = true;
        self
    }

    /// Reads a script from JSON: a list of turns, each with any of `text`, `calls`, `stop` and
    /// `latency_ms`. In a text, `{results}` is replaced by the results that the turn received.
    ///
    /// # Errors
    ///
    /// When the text is not such a list; the error names the place.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::ScriptedModel;
    ///
    /// let script = ScriptedModel::from_json(r#"[
    ///     {"latency_ms": 600, "calls": [{"name": "add", "arguments": {"a": 1, "b": 2}}]},
    ///     {"text": "The sum is {results}."}
    /// ]"#)?;
    /// # _ = script;
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let turns: Vec<JsonTurn> = serde_json::from_str(text)?;
        Ok(turns.into_iter().fold(Self::new(), |script, turn| {
            let latency = Duration::from_millis(turn.latency_ms);
            script.latency(latency).turn(move |request| turn.answer(request))
        }))
    }
}

impl Model for ScriptedModel {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let turn = request.transcript().responses().count();
            let last = || self.turns.last().filter(|_| self.repeats);
            let scripted = self.turns.get(turn).or_else(last);
            let Some(ScriptedTurn { latency, pace, answer }) = scripted else {
                let (asked, length) = (turn + 1, self.turns.len());
                let message =
                    format!("the script has {length} turns, and turn {asked} was asked for");
                return Err(ModelError::new(message));
            };
            if !latency.is_zero() {
                tokio::time::sleep(*latency).await;
            }
            let response = answer(&request);
            if let Some(pace) = pace {
                write(&request, &response, *pace).await;
            }
            Ok(response)
        })
    }
}

/// Emits a response word by word.
async fn write(request: &Request<'_>, response: &Response, pace: Duration) {
    let mut written: Option<&ToolCall> = None;
    for block in response.blocks() {
        tokio::time::sleep(pace).await;
        if let Some(call) = written.take() {
            request.emit(Delta::CallDone(call));
        }
        let (text, delta): (_, fn(&str) -> Delta<'_>) = match block.content() {
            Content::Text(text) => (text.as_str(), |word| Delta::Text(word)),
            Content::Thinking(text) => (text.as_str(), |word| Delta::Thinking(word)),
            Content::ToolCall(call) => {
                request.emit(Delta::Call { id: call.id(), name: call.name() });
                written = Some(call);
                (call.arguments(), |word| Delta::Arguments(word))
            }
            Content::Opaque => continue,
        };
        for (at, word) in text.split_inclusive(' ').enumerate() {
            if at > 0 {
                tokio::time::sleep(pace).await;
            }
            request.emit(delta(word));
        }
    }
    if let Some(call) = written.filter(|_| *response.stop_reason() == StopReason::ToolUse) {
        request.emit(Delta::CallDone(call));
    }
}

impl fmt::Debug for ScriptedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedModel").field("turns", &self.turns.len()).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonTurn {
    #[serde(default)]
    latency_ms: u64,
    text: Option<String>,
    #[serde(default)]
    calls: Vec<JsonCall>,
    stop: Option<StopReason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonCall {
    name: Arc<str>,
    arguments: Box<RawValue>,
}

impl JsonTurn {
    fn answer(&self, request: &Request<'_>) -> Response {
        let mut response = Response::new();
        if let Some(text) = &self.text {
            let results: Vec<_> = request.results().iter().map(crate::ToolResult::text).collect();
            response = response.with_text(text.replace("{results}", &results.join(", ")));
        }
        for call in &self.calls {
            response = response.call(call.name.clone(), call.arguments.get());
        }
        match &self.stop {
            Some(reason) => response.stop(reason.clone()),
            None => response,
        }
    }
}
