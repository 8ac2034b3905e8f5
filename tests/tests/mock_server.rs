//! The Messages API as an independent mock server speaks it, at the address in `AGENT_MOCK_SERVER`.
//!
//! The word in what the user says chooses what the server does. Each word has a test; after those come
//! the shapes that requests can have. The server logs what it gets, for judges that CI runs.

#![cfg(test)]

mod support;

use agent_core::Status::{Completed, Failed, NeverStarted};
use agent_core::providers::Anthropic;
use agent_core::providers::anthropic::{Auth, PromptCache};
use agent_core::transport::{Body, Http, Transport};
use agent_core::{
    Agent, Block, BoxFuture, CallSpan, Input, Media, ModelError, ModelErrorKind, Origin, Outcome,
    Output, Parallel, Part, Response, RunError, RunErrorKind, ScriptedModel, Stop, ToolCall,
    ToolChoice, Transcript, View, WaitedFor, tool, tools,
};
use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{ms, saved, statuses, texts};
use tokio::time::sleep;

const KEY: &str = "a-key-that-nobody-may-see";

/// What the tools work with.
#[derive(Clone, Default)]
struct Desk(Arc<Papers>);

#[derive(Default)]
struct Papers {
    /// How many calls have run.
    ran: AtomicUsize,
    notes: Mutex<BTreeMap<String, String>>,
}

impl Desk {
    async fn work(&self, time: u64) {
        self.0.ran.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(time)).await;
    }
}

/// The weather in a city.
#[tool(read)]
async fn get_weather(desk: &Desk, city: &str) -> String {
    // The first call of two ends last.
    desk.work(if city == "Paris" { 40 } else { 20 }).await;
    format!("fine in {city}")
}

/// An item by its number.
#[tool(read)]
async fn fetch_item(desk: &Desk, id: u64) -> String {
    desk.work(60 - 2 * id).await;
    format!("item {id}")
}

/// The time.
#[tool(pure)]
async fn now(desk: &Desk) -> &'static str {
    desk.work(20).await;
    "12:00"
}

/// Read a note.
#[tool(read)]
async fn read_note(desk: &Desk, key: String) -> Option<String> {
    desk.work(20).await;
    desk.0.notes.lock().unwrap().get(&key).cloned()
}

/// Write a note.
#[tool(write)]
async fn write_note(desk: &Desk, key: String, value: String) {
    desk.work(20).await;
    desk.0.notes.lock().unwrap().insert(key, value);
}

/// Sends by HTTP, and keeps what was sent.
#[derive(Clone)]
struct Wire {
    http: Http,
    sent: Arc<Mutex<Vec<String>>>,
}

impl Transport for Wire {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        self.sent.lock().unwrap().push(body);
        self.http.send(request)
    }
}

/// A test's share of the server.
struct Mock {
    url: String,
    /// Starts what the server does once again, and makes the conversation one of its own.
    fresh: String,
    word: &'static str,
    wire: Wire,
    desk: Desk,
}

/// Nothing if there is no server.
fn mock(word: &'static str) -> Option<Mock> {
    let Ok(url) = std::env::var("AGENT_MOCK_SERVER") else {
        let why = "AGENT_MOCK_SERVER is not set";
        writeln!(std::io::stderr(), "skipped: mock_server {word}: {why}").unwrap();
        return None;
    };
    let fresh = format!("{:016x}", RandomState::new().hash_one(word));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let wire = Wire { http: client.into(), sent: Arc::default() };
    Some(Mock { url, fresh, word, wire, desk: Desk::default() })
}

impl Mock {
    /// What the user says first.
    fn words(&self) -> String {
        format!("{} {}", self.word, self.fresh)
    }

    fn model(&self) -> Anthropic {
        self.model_called("claude-mock")
    }

    fn model_called(&self, name: &str) -> Anthropic {
        Anthropic::new(name, KEY)
            .base_url(&self.url)
            .header("x-test-id", &self.fresh)
            .transport(self.wire.clone())
    }

    fn agent_of(&self, model: Anthropic) -> Agent {
        let tools = tools![get_weather, fetch_item, now, read_note, write_note];
        Agent::new(model).tools(tools.with(self.desk.clone()))
    }

    fn agent(&self) -> Agent {
        self.agent_of(self.model())
    }

    async fn run(&self) -> Outcome {
        self.agent().run(self.words()).await.unwrap()
    }

    async fn fail(&self) -> RunError {
        self.agent().run(self.words()).await.unwrap_err()
    }

    /// How many calls have run.
    fn ran(&self) -> usize {
        self.desk.0.ran.load(Ordering::Relaxed)
    }

    /// The requests so far, each of which repeats the bytes of the one before it.
    fn sent(&self) -> Vec<String> {
        let sent = self.wire.sent.lock().unwrap().clone();
        for pair in sent.windows(2) {
            let before = pair[0].strip_suffix("]}").unwrap();
            assert!(pair[1].starts_with(before), "{}\n{}", pair[0], pair[1]);
        }
        sent
    }

    fn bodies(&self) -> Vec<Value> {
        self.sent().iter().map(|body| serde_json::from_str(body).unwrap()).collect()
    }
}

fn model_error(error: &RunError) -> &ModelError {
    match error.kind() {
        RunErrorKind::Model(error) => error,
        other => panic!("{other:?}"),
    }
}

/// The results that a message of a request holds and nothing else: id, text, whether it failed.
fn results(message: &Value) -> Vec<(&str, &str, bool)> {
    assert_eq!(message["role"], "user");
    let results = message["content"].as_array().unwrap().iter().map(|block| {
        assert_eq!(block["type"], "tool_result");
        let (id, text) = (&block["tool_use_id"], &block["content"]);
        (id.as_str().unwrap(), text.as_str().unwrap(), block.get("is_error") == Some(&json!(true)))
    });
    results.collect()
}

/// Each of them began before one of them had ended.
fn overlap(calls: &[CallSpan]) -> bool {
    let last = calls.iter().map(|call| call.started.unwrap()).max();
    last < calls.iter().map(|call| call.ended).min()
}

/// Whether a request repeats a response letter by letter.
fn repeats(request: &str, response: &Response) -> bool {
    let blocks: Vec<_> = response.blocks().iter().map(|block| block.raw().unwrap().get()).collect();
    request.contains(&format!(r#"{{"role":"assistant","content":[{}]}}"#, blocks.join(",")))
}

#[tokio::test]
async fn two_calls_run_together_and_go_back_in_one_message() {
    let Some(mock) = mock("two-calls") else { return };
    let outcome = mock.run().await;
    assert_eq!((outcome.stop(), mock.ran()), (&Stop::Done, 2));
    assert_eq!(outcome.text(), "Paris 18 C, Tokyo 21 C.");
    assert!(overlap(outcome.timeline().calls()));
    let origin = outcome.response().unwrap().origin().unwrap();
    assert_eq!(&*origin.model, "claude-mock");
    assert!(origin.request_id.as_ref().is_some_and(|id| id.starts_with("req-")));

    let bodies = mock.bodies();
    assert_eq!(bodies.len(), 2);
    let messages = bodies[1]["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 3);
    let both = [("call_w1", "fine in Paris", false), ("call_w2", "fine in Tokyo", false)];
    assert_eq!(results(&messages[2]), both);
    assert!(repeats(&mock.sent()[1], outcome.transcript().responses().next().unwrap()));
}

#[tokio::test]
async fn five_results_keep_the_order_of_the_calls() {
    let Some(mock) = mock("five-calls") else { return };
    fetches_in_order(&mock, 5, "Five items.").await;
}

#[tokio::test]
async fn twenty_results_keep_the_order_of_the_calls() {
    let Some(mock) = mock("twenty-calls") else { return };
    fetches_in_order(&mock, 20, "Twenty items.").await;
}

#[tokio::test]
async fn calls_that_come_slowly_run_together() {
    let Some(mock) = mock("slow-calls") else { return };
    fetches_in_order(&mock, 5, "Five items.").await;
}

/// The first call takes longest.
async fn fetches_in_order(mock: &Mock, calls: usize, text: &str) {
    let outcome = mock.run().await;
    assert_eq!((outcome.stop(), outcome.text(), mock.ran()), (&Stop::Done, text.into(), calls));
    assert!(overlap(outcome.timeline().calls()));

    let bodies = mock.bodies();
    assert_eq!(bodies.len(), 2);
    let items = (1..=calls).map(|id| (format!("call_i{id}"), format!("item {id}")));
    let items: Vec<_> = items.collect();
    let items = items.iter().map(|(id, text)| (id.as_str(), text.as_str(), false));
    assert_eq!(results(&bodies[1]["messages"][2]), items.collect::<Vec<_>>());
}

#[tokio::test]
async fn two_rounds_are_two_batches() {
    let Some(mock) = mock("two-rounds") else { return };
    let outcome = mock.run().await;
    assert_eq!((outcome.stop(), outcome.text()), (&Stop::Done, "Two rounds.".into()));
    let turns: Vec<_> = outcome.timeline().calls().iter().map(|call| call.turn).collect();
    assert_eq!((turns, mock.ran()), (vec![1, 1, 2, 2], 4));
    let bodies = mock.bodies();
    assert_eq!(bodies.len(), 3);
    let messages = &bodies[2]["messages"];
    let items = [("call_i1", "item 1", false), ("call_i2", "item 2", false)];
    assert_eq!(results(&messages[2]), items);
    let weather = [("call_w1", "fine in Paris", false), ("call_w2", "fine in Tokyo", false)];
    assert_eq!(results(&messages[4]), weather);
}

/// The table wants a typed error; here it is an outcome, whose transcript can be resumed.
#[tokio::test]
async fn endless_calls_end_at_the_turn_limit() {
    let Some(mock) = mock("endless-calls") else { return };
    let agent = mock.agent().max_turns(3);
    let outcome = agent.run(mock.words()).await.unwrap();
    assert_eq!((outcome.stop(), mock.ran(), mock.sent().len()), (&Stop::MaxTurns, 3, 3));
    assert_eq!(texts(outcome.transcript()), ["item 1"; 3]);

    let mut chat = agent.conversation(outcome.into_transcript());
    let outcome = chat.resume().await.unwrap();
    assert_eq!((outcome.stop(), mock.ran(), mock.sent().len()), (&Stop::MaxTurns, 6, 6));
}

#[tokio::test]
async fn no_arguments_are_an_empty_object() {
    let Some(mock) = mock("zero-arguments") else { return };
    let outcome = mock.run().await;
    assert_eq!((outcome.stop(), outcome.text()), (&Stop::Done, "Twice now.".into()));
    assert_eq!(texts(outcome.transcript()), ["12:00"; 2]);
    let response = outcome.transcript().responses().next().unwrap();
    assert!(response.calls().all(|call| call.arguments() == "{}"));
}

#[tokio::test]
async fn a_write_runs_alone_between_the_reads_around_it() {
    let Some(mock) = mock("reads-and-writes") else { return };
    let outcome = mock.run().await;
    assert_eq!((outcome.stop(), outcome.text()), (&Stop::Done, "a is 1.".into()));
    assert_eq!(texts(outcome.transcript()), ["null", "done", "1", "null"]);

    let timeline = outcome.timeline();
    let [before, write, same, other] = timeline.calls() else { panic!("{timeline}") };
    let after = |call: &CallSpan, earlier: &CallSpan| call.started.unwrap() >= earlier.ended;
    assert!(after(write, before) && after(same, write) && after(other, write), "{timeline}");
    assert!(overlap(&timeline.calls()[2..]), "{timeline}");
    let waited = timeline.calls().iter().map(|call| call.waited_for).collect::<Vec<_>>();
    let on = |call| Some(WaitedFor::Call(call));
    assert_eq!(waited, [None, on(1), on(2), on(2)]);
}

#[tokio::test]
async fn the_text_before_calls_goes_back() {
    let Some(mock) = mock("text-then-calls") else { return };
    kinds_go_back(&mock, &["text", "tool_use", "tool_use"]).await;
}

#[tokio::test]
async fn the_text_between_calls_stays_between_them() {
    let Some(mock) = mock("call-text-call") else { return };
    kinds_go_back(&mock, &["tool_use", "text", "tool_use"]).await;
}

#[tokio::test]
async fn a_thought_goes_back_with_its_signature() {
    let Some(mock) = mock("think-then-calls") else { return };
    let outcome = kinds_go_back(&mock, &["thinking", "tool_use", "tool_use"]).await;
    let block = &outcome.transcript().responses().next().unwrap().blocks()[0];
    assert!(matches!(block.view(), View::Thinking(thought) if thought.starts_with("Both cities")));
    assert!(block.raw().unwrap().get().contains("c2lnbmF0dXJlLW9mLXRoZS10aG91Z2h0"));
}

#[tokio::test]
async fn a_hidden_thought_goes_back() {
    let Some(mock) = mock("hidden-thought") else { return };
    let outcome = kinds_go_back(&mock, &["redacted_thinking", "tool_use"]).await;
    let block = &outcome.transcript().responses().next().unwrap().blocks()[0];
    assert_eq!(block.view(), &View::Opaque);
}

/// The first response has these blocks; its calls run, and it goes back letter by letter.
async fn kinds_go_back(mock: &Mock, kinds: &[&str]) -> Outcome {
    let outcome = mock.run().await;
    let calls = kinds.iter().filter(|kind| **kind == "tool_use").count();
    assert_eq!((outcome.stop(), mock.ran()), (&Stop::Done, calls));
    assert!(outcome.text().starts_with("Paris 18 C"));
    assert_eq!(statuses(outcome.transcript()), vec![Completed; calls]);
    let bodies = mock.bodies();
    assert_eq!(bodies.len(), 2);
    let content = bodies[1]["messages"][1]["content"].as_array().unwrap();
    assert_eq!(content.iter().map(|block| &block["type"]).collect::<Vec<_>>(), kinds);
    assert!(repeats(&mock.sent()[1], outcome.transcript().responses().next().unwrap()));
    outcome
}

#[tokio::test]
async fn an_unknown_tool_is_answered_beside_a_good_call() {
    let Some(mock) = mock("unknown-tool") else { return };
    let outcome = one_of_two_fails(&mock).await;
    let text = texts(outcome.transcript())[0];
    assert!(text.starts_with("there is no tool `no_such_tool`"), "{text}");
    assert!(text.contains("`get_weather`"), "{text}");
}

#[tokio::test]
async fn wrong_arguments_are_told_all_at_once() {
    let Some(mock) = mock("wrong-arguments") else { return };
    let outcome = one_of_two_fails(&mock).await;
    let text = texts(outcome.transcript())[0];
    assert!(text.starts_with("invalid arguments: "), "{text}");
    assert!(text.contains("`city`: invalid type: integer `5`, expected"), "{text}");
    assert!(text.contains("`town`: unknown argument"), "{text}");
}

/// The server makes `{}` of them.
#[tokio::test]
async fn broken_arguments_are_missing_ones() {
    let Some(mock) = mock("broken-arguments") else { return };
    let outcome = one_of_two_fails(&mock).await;
    let text = texts(outcome.transcript())[0];
    assert!(text.starts_with("invalid arguments: `city`: missing"), "{text}");
}

async fn one_of_two_fails(mock: &Mock) -> Outcome {
    let outcome = mock.run().await;
    assert_eq!((outcome.stop(), outcome.text()), (&Stop::Done, "Only Paris.".into()));
    assert_eq!((statuses(outcome.transcript()), mock.ran()), (vec![Failed, Completed], 1));
    let bodies = mock.bodies();
    assert_eq!(bodies.len(), 2);
    let results = results(&bodies[1]["messages"][2]);
    assert_eq!(results[0].1, texts(outcome.transcript())[0]);
    assert_eq!((results[0].2, results[1]), (true, ("call_w2", "fine in Paris", false)));
    outcome
}

#[tokio::test]
async fn two_calls_of_one_id_are_told_apart() {
    let Some(mock) = mock("same-id") else { return };
    let outcome = mock.run().await;
    assert_eq!((outcome.stop(), outcome.text()), (&Stop::Done, "Both.".into()));
    let bodies = mock.bodies();
    assert_eq!(bodies.len(), 2);
    let messages = &bodies[1]["messages"];
    let asked = messages[1]["content"].as_array().unwrap().iter();
    let asked: Vec<_> = asked.map(|call| (&call["id"], &call["input"]["city"])).collect();
    assert_eq!(asked, [(&json!("call_s"), &json!("Paris")), (&json!("call_s_1"), &json!("Tokyo"))]);
    let both = [("call_s", "fine in Paris", false), ("call_s_1", "fine in Tokyo", false)];
    assert_eq!(results(&messages[2]), both);
}

#[tokio::test]
async fn a_call_around_calls_is_answered_with_an_error() {
    let Some(mock) = mock("wrapper-call") else { return };
    let outcome = mock.run().await;
    assert_eq!((outcome.stop(), outcome.text(), mock.ran()), (&Stop::Done, "Both.".into(), 0));
    let bodies = mock.bodies();
    let results = results(&bodies[1]["messages"][2]);
    assert_eq!((bodies.len(), results.len()), (2, 1));
    let (id, text, failed) = results[0];
    assert_eq!((id, failed), ("call_p1", true));
    assert!(text.contains("make several calls in one response instead"), "{text}");
    // As the model wrote it, the API would refuse it.
    assert_eq!(bodies[1]["messages"][1]["content"][0]["name"], "multi_tool_use_parallel");
}

#[tokio::test]
async fn calls_of_a_turn_that_has_ended_do_not_run() {
    let Some(mock) = mock("stop-with-calls") else { return };
    let outcome = mock.run().await;
    assert_eq!((outcome.stop(), mock.ran(), mock.sent().len()), (&Stop::Done, 0, 1));
    assert_eq!(statuses(outcome.transcript()), [NeverStarted]);
    assert_eq!(texts(outcome.transcript()), ["never started: the response had ended"]);
}

#[tokio::test]
async fn a_paused_turn_goes_back_unchanged() {
    let Some(mock) = mock("pause-turn") else { return };
    let outcome = mock.run().await;
    assert_eq!((outcome.stop(), outcome.text()), (&Stop::Done, "Found it.".into()));
    let (sent, bodies) = (mock.sent(), mock.bodies());
    assert_eq!((sent.len(), bodies[1]["messages"].as_array().unwrap().len()), (2, 2));
    assert!(repeats(&sent[1], outcome.transcript().responses().next().unwrap()));
    assert_eq!(outcome.timeline().turns().len(), 2);
}

#[tokio::test]
async fn a_text_that_is_cut_off_is_said_to_be() {
    let Some(mock) = mock("cut-text") else { return };
    let outcome = ends_at_once(&mock, Stop::Truncated).await;
    assert_eq!(outcome.text(), "This sentence ends in the");
}

#[tokio::test]
async fn no_call_of_a_turn_that_is_cut_off_runs() {
    let Some(mock) = mock("cut-call") else { return };
    let outcome = ends_at_once(&mock, Stop::Truncated).await;
    assert_eq!(statuses(outcome.transcript()), [NeverStarted; 2]);
    assert_eq!(texts(outcome.transcript()), ["never started: the response was cut off"; 2]);
}

#[tokio::test]
async fn a_refusal_is_reported() {
    let Some(mock) = mock("refusal") else { return };
    assert_eq!(ends_at_once(&mock, Stop::Refused).await.text(), "");
}

/// No reason that Messages has.
#[tokio::test]
async fn a_filter_of_another_dialect_is_reported_by_its_name() {
    let Some(mock) = mock("content-filter") else { return };
    ends_at_once(&mock, Stop::Other("content_filter".into())).await;
}

#[tokio::test]
async fn a_stop_reason_that_nobody_knows_is_kept() {
    let Some(mock) = mock("strange-stop") else { return };
    let outcome = ends_at_once(&mock, Stop::Other("a_reason_from_the_future".into())).await;
    assert_eq!(outcome.text(), "Odd.");
}

async fn ends_at_once(mock: &Mock, stop: Stop) -> Outcome {
    let outcome = mock.run().await;
    assert_eq!((outcome.stop(), mock.ran(), mock.sent().len()), (&stop, 0, 1));
    saved(outcome.transcript());
    outcome
}

#[tokio::test]
async fn too_many_requests_wait_as_long_as_they_are_told() {
    let Some(mock) = mock("rate-limited") else { return };
    assert!(asked_twice(&mock).await >= Duration::from_secs(1));
}

#[tokio::test]
async fn an_overloaded_server_is_asked_again() {
    let Some(mock) = mock("overloaded") else { return };
    assert!(asked_twice(&mock).await >= ms(375));
}

#[tokio::test]
async fn a_server_that_failed_is_asked_again() {
    let Some(mock) = mock("server-error") else { return };
    assert!(asked_twice(&mock).await >= ms(375));
}

#[tokio::test]
async fn a_connection_that_was_dropped_is_made_again() {
    let Some(mock) = mock("dropped-at-once") else { return };
    assert!(asked_twice(&mock).await >= ms(375));
}

/// How long the one turn took.
async fn asked_twice(mock: &Mock) -> Duration {
    let outcome = mock.run().await;
    assert_eq!((outcome.stop(), outcome.text()), (&Stop::Done, "Here you are.".into()));
    let timeline = outcome.timeline();
    assert_eq!((timeline.turns().len(), timeline.turns()[0].attempts), (1, 2));
    let sent = mock.sent();
    assert_eq!((sent.len(), &sent[0]), (2, &sent[1]));
    timeline.elapsed()
}

#[tokio::test]
async fn an_error_that_stays_keeps_its_status_and_its_delay() {
    let Some(mock) = mock("always-limited") else { return };
    let error = mock.fail().await;
    assert_eq!((error.timeline().turns()[0].attempts, mock.sent().len()), (3, 3));
    assert!(error.timeline().elapsed() >= Duration::from_secs(2));
    assert_eq!(error.transcript().messages().len(), 1);
    let error = model_error(&error);
    assert_eq!((error.kind(), error.status()), (ModelErrorKind::RateLimited, Some(429)));
    assert_eq!((error.attempts(), error.name()), (3, Some("rate_limit_error")));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
    assert!(error.request_id().is_some_and(|id| id.starts_with("req-")));
}

#[tokio::test]
async fn a_bad_request_is_not_sent_again() {
    let Some(mock) = mock("bad-request") else { return };
    let error = refused(&mock, ModelErrorKind::Request, 400).await;
    assert!(error.contains("the API refuses the request: messages: something is wrong"), "{error}");
}

#[tokio::test]
async fn a_bad_key_is_not_sent_again_and_not_shown() {
    let Some(mock) = mock("bad-key") else { return };
    let error = refused(&mock, ModelErrorKind::Authentication, 401).await;
    assert!(error.contains("the key was refused: Invalid key"), "{error}");
}

async fn refused(mock: &Mock, kind: ModelErrorKind, status: u16) -> String {
    let error = mock.fail().await;
    assert_eq!((error.timeline().turns()[0].attempts, mock.sent().len()), (1, 1));
    let text = format!("{error} {error:?}");
    assert!(!text.contains(KEY) && !text.contains(&mock.fresh), "{text}");
    let error = model_error(&error);
    assert_eq!((error.kind(), error.status(), error.attempts()), (kind, Some(status), 1));
    text
}

const LONG: &str = "A long answer that arrives in many small pieces, one after the other.";

#[tokio::test]
async fn an_answer_in_many_small_pieces_is_put_together() {
    let Some(mock) = mock("slow-chunks") else { return };
    let outcome = ends_at_once(&mock, Stop::Done).await;
    assert_eq!(outcome.text(), LONG);
}

#[tokio::test]
async fn an_answer_that_is_cut_in_its_text_is_asked_for_again() {
    let Some(mock) = mock("cut-stream") else { return };
    is_cut_each_time(&mock).await;
    let whole = mock.agent_of(mock.model().streaming(false));
    let outcome = whole.run(mock.words()).await.unwrap();
    assert_eq!((outcome.stop(), outcome.text()), (&Stop::Done, LONG.to_owned()));
}

/// The server makes the same calls in every turn.
#[tokio::test]
async fn an_answer_that_is_cut_in_a_call_is_asked_for_again() {
    let Some(mock) = mock("cut-stream-in-call") else { return };
    is_cut_each_time(&mock).await;
    let whole = mock.agent_of(mock.model().streaming(false)).max_turns(1);
    let outcome = whole.run(mock.words()).await.unwrap();
    assert_eq!(outcome.stop(), &Stop::MaxTurns);
    assert_eq!(texts(outcome.transcript()), ["fine in Paris", "fine in Tokyo"]);
}

/// A stream without its end is no response, whatever came of it.
async fn is_cut_each_time(mock: &Mock) {
    let ended = mock.fail().await;
    let error = model_error(&ended);
    assert_eq!((error.kind(), error.attempts()), (ModelErrorKind::Connection, 3), "{error}");
    assert_eq!((mock.sent().len(), ended.transcript().responses().count()), (3, 0));
    mock.wire.sent.lock().unwrap().clear();
}

#[test]
fn every_word_of_the_servers_table_has_its_test() {
    let Ok(oracles) = std::env::var("AGENT_ORACLES") else {
        writeln!(std::io::stderr(), "skipped: mock_server table: AGENT_ORACLES is not set")
            .unwrap();
        return;
    };
    let table = std::fs::read_to_string(format!("{oracles}/aimock/README.md")).unwrap();
    let first_cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    let words: Vec<_> = first_cells.flat_map(|cell| cell.trim_matches('`').split("` `")).collect();
    assert!(words.len() >= 34, "{words:?}");
    let tested = |word: &str| include_str!("mock_server.rs").contains(&format!("mock(\"{word}\")"));
    assert_eq!(words.into_iter().filter(|word| !tested(word)).collect::<Vec<_>>(), [""; 0]);
}

/// Only the first of these words has steps, which count all responses of a conversation.
#[tokio::test]
async fn a_conversation_goes_on_after_every_ending() {
    let Some(mock) = mock("two-rounds") else { return };
    let agent = mock.agent().system("Answer briefly.").max_turns(3);
    let mut chat = agent.conversation(Transcript::default());
    chat.send(mock.words()).await.unwrap();
    let other = |reason: &str| Stop::Other(reason.to_owned());
    for (word, stop) in [
        ("slow-chunks", Stop::Done),
        ("cut-call", Stop::Truncated),
        ("cut-text", Stop::Truncated),
        ("refusal", Stop::Refused),
        ("strange-stop", other("a_reason_from_the_future")),
        ("content-filter", other("content_filter")),
        ("endless-calls", Stop::MaxTurns),
        ("slow-chunks", Stop::Done),
    ] {
        assert_eq!(chat.send(word).await.unwrap().stop(), &stop, "{word}");
        chat = agent.conversation(serde_json::from_str(&saved(chat.transcript())).unwrap());
    }
    chat.send("bad-request").await.unwrap_err();
    let outcome = chat.send("slow-chunks at last").await.unwrap();
    assert_eq!((outcome.text(), mock.ran()), (LONG.into(), 4 + 3));
    assert_eq!(statuses(outcome.transcript()).len(), 4 + 2 + 3);
    assert_eq!(mock.sent().len(), 3 + 6 + 3 + 1 + 2);
    for body in mock.bodies() {
        assert_eq!(body["system"][0]["text"], "Answer briefly.");
        assert_eq!(body["system"][0]["cache_control"], json!({"type": "ephemeral"}));
    }
}

#[tokio::test]
async fn a_model_that_is_asked_for_one_call_at_a_time_and_makes_two_gets_both_answered() {
    let Some(mock) = mock("two-calls") else { return };
    let agent = mock.agent().parallel(Parallel::Never);
    let outcome = agent.run(mock.words()).await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [Completed; 2]);
    let timeline = outcome.timeline();
    assert!(timeline.calls()[1].started.unwrap() >= timeline.calls()[0].ended);
    for body in mock.bodies() {
        let choice = json!({"type": "auto", "disable_parallel_tool_use": true});
        assert_eq!(body["tool_choice"], choice);
    }
}

#[tokio::test]
async fn a_choice_of_tools_is_told() {
    let named = ToolChoice::Named("get_weather".into());
    for (choice, parallel, told) in [
        (ToolChoice::Auto, Parallel::Auto, Value::Null),
        (ToolChoice::Any, Parallel::Auto, json!({"type": "any"})),
        (
            ToolChoice::Any,
            Parallel::Never,
            json!({"type": "any", "disable_parallel_tool_use": true}),
        ),
        (named.clone(), Parallel::Auto, json!({"type": "tool", "name": "get_weather"})),
        (
            named,
            Parallel::Never,
            json!({"type": "tool", "name": "get_weather", "disable_parallel_tool_use": true}),
        ),
        (ToolChoice::None, Parallel::Never, json!({"type": "none"})),
    ] {
        let Some(mock) = mock("call-text-call") else { return };
        let agent = mock.agent().tool_choice(choice).parallel(parallel);
        let outcome = agent.run(mock.words()).await.unwrap();
        assert_eq!(outcome.stop(), &Stop::Done);
        let bodies = mock.bodies();
        assert!(bodies.len() == 2 && bodies.iter().all(|body| body["tool_choice"] == told));
    }
}

#[tokio::test]
async fn an_agent_without_tools_names_none() {
    let Some(mock) = mock("slow-chunks") else { return };
    let agent = Agent::new(mock.model()).parallel(Parallel::Never).system("");
    agent.run(mock.words()).await.unwrap();
    let bodies = mock.bodies();
    let keys: Vec<_> = bodies[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["cache_control", "max_tokens", "messages", "model", "stream"]);
}

/// Other tools of the names that the server knows.
mod pictures {
    use super::{Media, Output, Part, tool};

    /// A map of the weather in a city.
    #[tool(read)]
    pub(super) fn get_weather(city: &str) -> Output {
        let report = Media::text(format!("All is well in {city}.")).titled("Report");
        let output = Output::text(format!("The map of {city}:"));
        let output = output.and(Part::Image(Media::new("image/png", b"\x89PNG"))).and("and more:");
        let output = output.and(Part::Document(report));
        match city {
            "Tokyo" => output.and(Part::Image(Media::new("image/bmp", b"BM"))),
            _ => output,
        }
    }
}

#[tokio::test]
async fn images_and_documents_go_both_ways() {
    let Some(mock) = mock("two-calls") else { return };
    let agent = Agent::new(mock.model()).tools(tools![pictures::get_weather]);
    let input = Input::from(Part::Image(Media::new("image/gif", b"GIF89a")))
        .and(Part::Image(Media::url("image/jpeg", "https://example.com/a.jpg")))
        .and(Part::Document(Media::new("application/pdf", b"%PDF-1.7").titled("Paper")))
        .and(Part::Document(Media::url("application/pdf", "https://example.com/a.pdf")))
        .and(Part::Document(Media::new("text/plain", "plain")))
        .and(Part::Document(Media::text("plain too")))
        .and(mock.words());
    let outcome = agent.run(input).await.unwrap();
    assert_eq!(outcome.stop(), &Stop::Done);
    let bodies = mock.bodies();
    assert_eq!(bodies.len(), 2);
    let kinds = |blocks: &Value| {
        let blocks = blocks.as_array().unwrap().iter();
        blocks.map(|block| block["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let messages = &bodies[1]["messages"];
    let said = ["image", "image", "document", "document", "document", "document", "text"];
    assert_eq!(kinds(&messages[0]["content"]), said);
    let (paris, tokyo) = (&messages[2]["content"][0], &messages[2]["content"][1]);
    assert_eq!(kinds(&paris["content"]), ["text", "image", "text", "document"]);
    assert_eq!(kinds(&tokyo["content"]), ["text", "image", "text", "document", "text"]);
    let left_out = tokyo["content"][4]["text"].as_str().unwrap();
    assert!(left_out.contains("image/bmp"), "{left_out}");
}

#[tokio::test]
async fn fields_of_the_api_are_passed_through() {
    let Some(mock) = mock("think-then-calls") else { return };
    let model = mock
        .model()
        .max_tokens(4096)
        .field("thinking", json!({"type": "enabled", "budget_tokens": 1024}))
        .field("stop_sequences", ["END", "STOP"])
        .field("metadata", json!({"user_id": "somebody"}))
        .field("service_tier", "auto")
        .field("output_config", json!({"effort": "low"}));
    let agent = mock.agent_of(model).system("Think.");
    assert_eq!(agent.run(mock.words()).await.unwrap().stop(), &Stop::Done);
    let bodies = mock.bodies();
    assert_eq!((bodies.len(), &bodies[1]["max_tokens"]), (2, &json!(4096)));
    assert_eq!(bodies[1]["stop_sequences"], json!(["END", "STOP"]));
}

#[tokio::test]
async fn an_older_version_takes_its_key_and_its_sampling() {
    let Some(mock) = mock("two-calls") else { return };
    let model = mock.model().auth(Auth::ApiKey).version("2023-06-01");
    let model = model.field("temperature", 0.5).field("top_k", 40);
    assert_eq!(mock.agent_of(model).run(mock.words()).await.unwrap().stop(), &Stop::Done);
    let bodies = mock.bodies();
    assert_eq!((bodies.len(), &bodies[1]["temperature"]), (2, &json!(0.5)));
}

#[tokio::test]
async fn the_prompt_cache_can_be_longer_or_off() {
    for (cache, mark) in [
        (PromptCache::Off, Value::Null),
        (PromptCache::OneHour, json!({"type": "ephemeral", "ttl": "1h"})),
    ] {
        let Some(mock) = mock("two-calls") else { return };
        let agent = mock.agent_of(mock.model().prompt_cache(cache)).system("Be brief.");
        agent.run(mock.words()).await.unwrap();
        for body in mock.bodies() {
            let last = body["tools"].as_array().unwrap().last().unwrap();
            let marks = [&body["cache_control"], &body["system"][0]["cache_control"]];
            assert_eq!((marks, &last["cache_control"]), ([&mark; 2], &mark));
        }
    }
}

#[tokio::test]
async fn a_tool_of_the_server_stands_after_ours() {
    let Some(mock) = mock("five-calls") else { return };
    let search = json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 2});
    let model = mock.model().server_tool(search).beta("context-1m-2025-08-07");
    mock.agent_of(model).run(mock.words()).await.unwrap();
    let bodies = mock.bodies();
    assert_eq!((bodies.len(), &bodies[1]["tools"][5]["name"]), (2, &json!("web_search")));
}

/// A response of another provider, with an id, a name and arguments that this one refuses.
fn foreign() -> Response {
    let raw = |json: &str| RawValue::from_string(json.to_owned()).unwrap();
    let call = |id: &str, name: &str, arguments: &str| {
        let raw = raw(r#"{"type":"function_call"}"#);
        Block::with_raw(View::ToolCall(ToolCall::new(id, name, arguments)), raw)
    };
    let thought = View::Thinking("Hm.".to_owned());
    Response::new()
        .block(Block::with_raw(thought, raw(r#"{"type":"reasoning","encrypted_content":"x"}"#)))
        .text("Let me see.")
        .block(call("call:1|fc", "now", "{}"))
        .block(call("call:2|fc", "functions.now", "{}"))
        .block(call("call:3|fc", "now", "[1"))
        .from_origin(Origin::new("openai-responses", "another"))
}

#[tokio::test]
async fn a_history_of_another_provider_is_continued() {
    let Some(mock) = mock("slow-chunks") else { return };
    let script = ScriptedModel::new().turn(|_| foreign()).turn(|_| Response::new().text("Noon."));
    let elsewhere = Agent::new(script).tools(tools![now].with(mock.desk.clone()));
    let history = elsewhere.run(mock.words()).await.unwrap().into_transcript();
    let mut chat = mock.agent().conversation(history);
    assert_eq!(chat.send("slow-chunks").await.unwrap().text(), LONG);
    let bodies = mock.bodies();
    let content = bodies[0]["messages"][1]["content"].as_array().unwrap();
    let names: Vec<_> = content.iter().filter_map(|block| block["name"].as_str()).collect();
    assert_eq!((content.len(), names), (4, vec!["now", "functions_now", "now"]));
    assert_eq!(content[3]["input"], json!({"malformed": "[1"}));
}

/// Signed thoughts are of use only to the model that had them.
#[tokio::test]
async fn another_model_is_not_shown_the_thoughts() {
    let Some(one) = mock("think-then-calls") else { return };
    let Some(other) = mock("slow-chunks") else { return };
    let history = one.run().await.into_transcript();
    let agent = other.agent_of(other.model_called("claude-other"));
    agent.conversation(history).send("slow-chunks").await.unwrap();
    assert!(one.sent()[1].contains("thinking"));
    assert!(!other.sent()[0].contains("thinking"));
    let content = &other.bodies()[0]["messages"][1]["content"];
    assert_eq!(content.as_array().unwrap().len(), 2);
}
