//! Streams, and what a model makes of them.

use agent_core::providers::Anthropic;
use agent_core::transport::{Body, Timeouts, Transport};
use agent_core::{
    Agent, BoxFuture, Delta, Limits, Model, ModelError, ModelErrorKind, Request, Response, ToolCall,
};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Past the capture of the test harness: how much was proven is worth knowing when all is well.
pub(crate) fn say(line: &str) {
    _ = writeln!(std::io::stderr(), "{line}");
}

/// What was told of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    Text(String),
    Thinking(String),
    Call(String, String),
    Arguments(String),
    Complete(ToolCall),
}

impl From<Delta<'_>> for Told {
    fn from(delta: Delta<'_>) -> Self {
        match delta {
            Delta::Text(text) => Self::Text(text.to_owned()),
            Delta::Thinking(text) => Self::Thinking(text.to_owned()),
            Delta::Call { id, name } => Self::Call(id.to_owned(), name.to_owned()),
            Delta::Arguments(json) => Self::Arguments(json.to_owned()),
            Delta::CallDone(call) => Self::Complete(call.clone()),
            other => panic!("{other:?}"),
        }
    }
}

/// What came of an answer: what was told of it, and what it was in the end.
#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) told: Vec<Told>,
    pub(crate) response: Result<Response, ModelError>,
}

impl Came {
    pub(crate) fn response(&self) -> &Response {
        self.response.as_ref().unwrap()
    }

    pub(crate) fn kind(&self) -> ModelErrorKind {
        self.response.as_ref().unwrap_err().kind()
    }

    /// The calls that were told to be complete.
    pub(crate) fn complete(&self) -> Vec<&ToolCall> {
        let complete = self.told.iter().filter_map(|told| match told {
            Told::Complete(call) => Some(call),
            _ => None,
        });
        complete.collect()
    }
}

type Pieces = std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, ModelError>> + Send>>;

/// An answer of success with this body.
pub(crate) struct Answer {
    headers: Vec<(&'static str, &'static str)>,
    body: Mutex<Option<Pieces>>,
}

impl Answer {
    pub(crate) fn new(
        headers: &[(&'static str, &'static str)],
        pieces: impl Stream<Item = Result<Bytes, ModelError>> + Send + 'static,
    ) -> Self {
        Self { headers: headers.to_vec(), body: Mutex::new(Some(pieces.boxed())) }
    }

    /// A stream of events.
    pub(crate) fn events(
        pieces: impl Stream<Item = Result<Bytes, ModelError>> + Send + 'static,
    ) -> Self {
        Self::new(&[("content-type", "text/event-stream; charset=utf-8")], pieces)
    }
}

impl Transport for Answer {
    fn send(
        &self,
        _: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
        let mut head = http::Response::builder().header("request-id", "req_1");
        for (name, value) in &self.headers {
            head = head.header(*name, *value);
        }
        let pieces = self.body.lock().unwrap().take().unwrap();
        Box::pin(async { Ok(head.body(Body::new(pieces)).unwrap()) })
    }
}

/// Listens to a model, and keeps what comes from those who ask.
struct Ear {
    model: Anthropic,
    came: Arc<Mutex<Option<Came>>>,
}

impl Model for Ear {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let told = Mutex::new(Vec::new());
            let hear = |delta: Delta<'_>| told.lock().unwrap().push(delta.into());
            let response = self.model.ask(request.with_sink(&hear)).await;
            let told = told.into_inner().unwrap();
            *self.came.lock().unwrap() = Some(Came { told, response });
            Ok(Response::new())
        })
    }
}

/// What the model makes of an answer, under these limits and times.
pub(crate) async fn taken_with(answer: Answer, limits: Limits, timeouts: Timeouts) -> Came {
    let model = Anthropic::new("claude-of-the-test", "a key").transport(answer).timeouts(timeouts);
    let came = Arc::default();
    let agent = Agent::new(Ear { model, came: Arc::clone(&came) }).limits(limits);
    agent.run("Hello").await.unwrap();
    let came = came.lock().unwrap().take();
    came.unwrap()
}

pub(crate) async fn taken(answer: Answer) -> Came {
    taken_with(answer, Limits::default(), Timeouts::default()).await
}

/// What it makes of a stream that comes in pieces of such a size.
pub(crate) async fn taken_in(size: usize, body: &[u8]) -> Came {
    let pieces: Vec<_> = body.chunks(size.max(1)).map(piece).collect();
    taken(Answer::events(stream::iter(pieces))).await
}

pub(crate) async fn taken_whole(body: impl AsRef<[u8]>) -> Came {
    taken_in(usize::MAX, body.as_ref()).await
}

#[allow(clippy::unnecessary_wraps, reason = "as a body has it")]
pub(crate) fn piece(bytes: &[u8]) -> Result<Bytes, ModelError> {
    Ok(Bytes::copy_from_slice(bytes))
}

/// Pieces that come at these times after the one before.
pub(crate) fn timed(
    pieces: Vec<(Duration, Bytes)>,
) -> impl Stream<Item = Result<Bytes, ModelError>> {
    stream::iter(pieces).then(|(wait, piece)| async move {
        tokio::time::sleep(wait).await;
        Ok(piece)
    })
}

/// An event as it stands on the wire.
pub(crate) fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or("message"))
}

pub(crate) fn events(all: &[Value]) -> String {
    all.iter().map(event).collect()
}

pub(crate) fn message_start() -> Value {
    let usage = json!({"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 1});
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "content": [],
        "model": "claude-that-answers", "stop_reason": null, "usage": usage});
    json!({"type": "message_start", "message": message})
}

pub(crate) fn start(index: u64, block: &Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

pub(crate) fn delta(index: u64, delta: &Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

pub(crate) fn text_delta(index: u64, text: &str) -> Value {
    delta(index, &json!({"type": "text_delta", "text": text}))
}

pub(crate) fn input_delta(index: u64, json: &str) -> Value {
    delta(index, &json!({"type": "input_json_delta", "partial_json": json}))
}

pub(crate) fn stop(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

pub(crate) fn message_end(reason: &str) -> [Value; 2] {
    let delta = json!({"stop_reason": reason, "stop_sequence": null});
    let end = json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 42}});
    [end, json!({"type": "message_stop"})]
}

pub(crate) fn tool_use(id: &str, name: &str) -> Value {
    json!({"type": "tool_use", "id": id, "name": name, "input": {}})
}

/// The events between the start and the end of a message that stops for this reason.
pub(crate) fn message(inner: impl IntoIterator<Item = Value>, reason: &str) -> String {
    let all = [message_start()].into_iter().chain(inner).chain(message_end(reason));
    events(&all.collect::<Vec<_>>())
}

/// A text and three calls, with all that stands between them.
pub(crate) fn three_calls() -> String {
    let mut inner = vec![
        start(0, &json!({"type": "text", "text": ""})),
        json!({"type": "ping"}),
        text_delta(0, "I will look, "),
        text_delta(0, "für \"dich\" \u{1f600}.\n"),
        stop(0),
    ];
    let calls = [
        (1, "look", r#"{"path": "a.md", "n": 1.50}"#),
        (2, "save", r#"{"path": "b.md", "text": "x\ny \"z\" \u0041"}"#),
        (3, "now", ""),
    ];
    for (index, name, input) in calls {
        inner.push(start(index, &tool_use(&format!("toolu_{index}"), name)));
        inner.push(input_delta(index, ""));
        let cut = input.len() / 2;
        inner.extend([&input[..cut], &input[cut..]].map(|part| input_delta(index, part)));
        inner.push(stop(index));
    }
    message(inner, "tool_use")
}

/// Streams with all that the API is known to send, and some of what it is not.
pub(crate) fn synthetic() -> Vec<(&'static str, String)> {
    let text = json!({"type": "text", "text": ""});
    let thinking = json!({"type": "thinking", "thinking": "", "signature": ""});
    let thought = |text: &str| delta(0, &json!({"type": "thinking_delta", "thinking": text}));
    let signed = |text: &str| delta(0, &json!({"type": "signature_delta", "signature": text}));
    let cited = |at: u64| {
        let citation = json!({"type": "char_location", "cited_text": "é", "start": at, "x": 1.50});
        delta(1, &json!({"type": "citations_delta", "citation": citation}))
    };
    let search =
        json!({"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {}});
    let found = json!({"type": "web_search_tool_result", "tool_use_id": "srv_1",
        "content": [{"type": "web_search_result", "encrypted_content": "A+/=", "n": 2.50}]});
    let unknown = json!({"type": "from_the_future", "content": null, "list": [1]});
    let future = |more: Value| delta(4, &json!({"type": "future_delta", "content": more, "n": 1}));
    let blocks = vec![
        start(0, &thinking),
        thought("Let me "),
        thought("see."),
        signed("c2ln"),
        stop(0),
        start(1, &json!({"type": "text", "text": "", "citations": []})),
        text_delta(1, "As they say"),
        cited(1),
        cited(2),
        stop(1),
        json!({"type": "event_of_the_future", "index": "x", "delta": 5}),
        start(2, &search),
        input_delta(2, "{\"query\""),
        input_delta(2, ": \"x\"}"),
        stop(2),
        start(3, &found),
        stop(3),
        start(4, &unknown),
        future(json!("a")),
        future(json!("b")),
        stop(4),
        start(5, &tool_use("toolu_1", "look")),
        delta(5, &json!({"type": "future_delta", "text": {"not": "a text"}})),
        input_delta(5, "{}"),
        stop(5),
    ];
    vec![
        ("three calls", three_calls()),
        ("all kinds of blocks", message(blocks, "tool_use")),
        ("nothing", message([], "end_turn")),
        ("a text that is empty", message([start(0, &text), stop(0)], "end_turn")),
        ("a text that begins with some", {
            let begun = start(0, &json!({"type": "text", "text": "Well, "}));
            message([begun, text_delta(0, "no."), stop(0)], "stop_sequence")
        }),
        ("a call that is cut", {
            let cut = [start(0, &tool_use("toolu_1", "look")), input_delta(0, "{\"path\": \"a")];
            message(cut, "max_tokens")
        }),
    ]
}
