//! Runs of an agent whose model streams.

use agent_core::providers::Anthropic;
use agent_core::transport::{Body, Recorder, Replayer, Transport};
use agent_core::{
    Agent, BoxFuture, CallStatus, ModelError, Outcome, RunEnd, StopReason, tool, tools,
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

use super::source::{
    event, input_delta, message, message_end, message_start, piece, start, stop, text_delta,
    tool_use,
};

/// Look at a file.
#[tool(read, inline)]
fn look(path: &str) -> String {
    format!("all is well in {path}")
}

/// Answers with these streams, one after another, and keeps what it is asked.
#[derive(Default)]
struct Served {
    bodies: Mutex<Vec<String>>,
    asked: Mutex<Vec<Value>>,
}

impl Served {
    fn new<const N: usize>(bodies: [String; N]) -> Arc<Self> {
        Arc::new(Self { bodies: Mutex::new(bodies.into_iter().rev().collect()), ..Self::default() })
    }
}

impl Transport for Served {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
        self.asked.lock().unwrap().push(serde_json::from_slice(request.body()).unwrap());
        let body = self.bodies.lock().unwrap().pop().unwrap();
        let pieces: Vec<_> = body.as_bytes().chunks(100).map(piece).collect();
        let head = http::Response::builder().header("content-type", "text/event-stream");
        Box::pin(async { Ok(head.body(Body::new(stream::iter(pieces))).unwrap()) })
    }
}

fn agent(transport: impl Transport + 'static) -> Agent {
    Agent::new(Anthropic::new("claude-of-the-test", "a key").transport(transport))
        .tools(tools![look])
}

fn say_done() -> String {
    let text = json!({"type": "text", "text": ""});
    message([start(0, &text), text_delta(0, "done"), stop(0)], "end_turn")
}

fn results(outcome: &Outcome) -> Vec<(CallStatus, &str)> {
    outcome.transcript().results().map(|result| (result.status(), result.text())).collect()
}

#[tokio::test]
async fn a_streamed_call_runs_and_its_block_goes_back() {
    let call = [
        start(0, &tool_use("toolu_1", "look")),
        input_delta(0, "{\"path\":"),
        input_delta(0, " \"a.md\"}"),
        stop(0),
    ];
    let served = Served::new([message(call, "tool_use"), say_done()]);
    let outcome = agent(served.clone()).run("Look").await.unwrap();
    assert_eq!((outcome.end(), outcome.text()), (&RunEnd::Done, "done".to_owned()));
    assert_eq!(results(&outcome), [(CallStatus::Completed, "all is well in a.md")]);
    let asked = served.asked.lock().unwrap();
    assert!(asked.iter().all(|body| body["stream"] == true));
    let back =
        json!([{"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"path": "a.md"}}]);
    assert_eq!(asked[1]["messages"][1]["content"], back);
}

/// A model ran into its limit within the arguments of a call, which has no end then.
#[tokio::test]
async fn a_call_that_is_cut_off_is_kept_and_does_not_run() {
    let cut = [
        start(0, &tool_use("toolu_1", "look")),
        input_delta(0, "{\"path\": \"a.md\"}"),
        stop(0),
        start(1, &tool_use("toolu_2", "look")),
        input_delta(1, "{\"path\": \"b.m"),
    ];
    let served = Served::new([message(cut, "max_tokens"), say_done()]);
    let agent = agent(served.clone()).eager_calls(false);
    let mut chat = agent.conversation(agent_core::Transcript::default());
    let outcome = chat.send("Look").await.unwrap();
    assert_eq!(outcome.end(), &RunEnd::Truncated);
    let statuses: Vec<_> = results(&outcome).into_iter().map(|(status, _)| status).collect();
    assert_eq!(statuses, [CallStatus::NotRun; 2]);
    chat.send("Go on").await.unwrap();
    let asked = served.asked.lock().unwrap();
    let back = &asked[1]["messages"][1]["content"];
    assert_eq!(back[0]["input"], json!({"path": "a.md"}));
    assert_eq!(back[1]["input"], json!({"malformed": "{\"path\": \"b.m"}));
}

#[tokio::test]
async fn an_input_that_is_no_json_is_answered_with_a_fault() {
    let call = [start(0, &tool_use("toolu_1", "look")), input_delta(0, "{\"path\": \"a"), stop(0)];
    let served = Served::new([message(call, "tool_use"), say_done()]);
    let outcome = agent(served).run("Look").await.unwrap();
    let results = results(&outcome);
    assert_eq!((results.len(), results[0].0), (1, CallStatus::Failed));
    assert!(results[0].1.contains("JSON"), "{results:?}");
}

#[tokio::test]
async fn whole_answers_can_be_asked_for() {
    let served = Served::new([say_done()]);
    let model = Anthropic::new("claude-of-the-test", "a key").streaming(false);
    let outcome = Agent::new(model.transport(served.clone())).run("Hi").await.unwrap();
    // The server streams all the same, and is understood.
    assert_eq!(outcome.text(), "done");
    assert_eq!(served.asked.lock().unwrap()[0].get("stream"), None);
}

#[tokio::test]
async fn a_recorded_stream_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let call =
        [start(0, &tool_use("toolu_1", "look")), input_delta(0, "{\"path\":\"a\"}"), stop(0)];
    let served = Served::new([message(call, "tool_use"), say_done()]);
    let recorder = Recorder::new(folder.path(), served).unwrap();
    let first = agent(recorder).run("Look").await.unwrap();
    for name in ["0001.json", "0002.json"] {
        let file = std::fs::read_to_string(folder.path().join(name)).unwrap();
        let exchange: Value = serde_json::from_str(&file).unwrap();
        assert_eq!(exchange["response"]["headers"]["content-type"], "text/event-stream");
        assert_eq!(exchange["response"].get("cut"), None, "it was read to its end");
    }
    let replayer = Arc::new(Replayer::open(folder.path()).unwrap());
    let again = agent(replayer.clone()).run("Look").await.unwrap();
    assert_eq!((again.transcript(), replayer.left()), (first.transcript(), 0));
}

/// Whoever hears of an answer gets a turn while it comes, also where all of it is there at once.
#[tokio::test]
async fn a_listener_gets_a_turn_after_each_piece() {
    struct AtOnce;

    impl Transport for AtOnce {
        fn send(
            &self,
            _: http::Request<Bytes>,
        ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
            let text = json!({"type": "text", "text": ""});
            let begin = [message_start(), start(0, &text)];
            let deltas = (0..100).map(|_| text_delta(0, "x"));
            let all =
                begin.into_iter().chain(deltas).chain([stop(0)]).chain(message_end("end_turn"));
            let pieces: Vec<_> = all.map(|data| piece(event(&data).as_bytes())).collect();
            let head = http::Response::builder().header("content-type", "text/event-stream");
            Box::pin(async { Ok(head.body(Body::new(stream::iter(pieces).boxed())).unwrap()) })
        }
    }

    let turns = Arc::new(Mutex::new(0));
    let count = turns.clone();
    let other = tokio::spawn(async move {
        loop {
            *count.lock().unwrap() += 1;
            tokio::task::yield_now().await;
        }
    });
    let outcome = agent(AtOnce).run("Hi").await.unwrap();
    other.abort();
    let response = outcome.response().unwrap();
    assert_eq!((response.stop_reason(), outcome.text().len()), (&StopReason::EndTurn, 100));
    assert!(*turns.lock().unwrap() >= 100, "{turns:?}");
}
