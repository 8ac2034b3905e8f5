//! Recordings: what is written, what is not, and that it comes back.

use agent_core::providers::Anthropic;
use agent_core::transport::{Body, Recorder, Replayer, Transport};
use agent_core::{
    Agent, BoxFuture, Limits, ModelError, ModelErrorKind, Outcome, RunError, RunErrorKind, tool,
    tools,
};
use agent_tests::support::saved;
use bytes::Bytes;
use futures::stream;
use http::{HeaderValue, Request, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::{TempDir, tempdir};

const KEY: &str = "sk-ant-\"canary\\1/29f1e0\"";
const EXTRA: &str = "canary-2-7d41c8-5b20e9";

type Reply = Result<Response<Body>, ModelError>;

/// A transport that is a function, and keeps the bodies that it was sent.
struct Fake<F> {
    reply: F,
    sent: Arc<Mutex<Vec<Bytes>>>,
}

impl<F: Fn(usize, &Request<Bytes>) -> Reply + Send + Sync> Transport for Fake<F> {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Reply> {
        Box::pin(async move {
            let turn = {
                let mut sent = self.sent.lock().unwrap();
                sent.push(request.body().clone());
                sent.len() - 1
            };
            (self.reply)(turn, &request)
        })
    }
}

fn fake<F: Fn(usize, &Request<Bytes>) -> Reply + Send + Sync>(reply: F) -> Fake<F> {
    Fake { reply, sent: Arc::default() }
}

fn answer(status: u16, body: impl Into<Body>) -> Response<Body> {
    Response::builder().status(status).body(body.into()).unwrap()
}

fn pieces(pieces: impl IntoIterator<Item = Result<Bytes, ModelError>>) -> Body {
    Body::new(stream::iter(pieces.into_iter().collect::<Vec<_>>()))
}

fn request(body: impl Into<Bytes>) -> Request<Bytes> {
    Request::post("https://api.example/v1/messages?debug=1").body(body.into()).unwrap()
}

async fn read(mut body: Body) -> (Vec<u8>, Option<ModelError>) {
    let mut whole = Vec::new();
    while let Some(piece) = body.next().await {
        match piece {
            Ok(piece) => whole.extend(piece),
            Err(error) => return (whole, Some(error)),
        }
    }
    (whole, None)
}

async fn exchange(transport: &impl Transport, body: &'static str) -> String {
    let answer = transport.send(request(body)).await.unwrap();
    let (body, error) = read(answer.into_body()).await;
    assert!(error.is_none(), "{error:?}");
    String::from_utf8(body).unwrap()
}

async fn refused(transport: &impl Transport, body: &'static str) -> String {
    let error = transport.send(request(body)).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Configuration, "{error}");
    error.to_string()
}

fn recording(folder: &Path, name: &str) -> Value {
    json_of(&folder.join(name))
}

fn json_of(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn files(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// A file with this recording.
fn file(text: impl AsRef<[u8]>) -> (TempDir, Result<Replayer, ModelError>) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("0001.json");
    fs::write(&path, text).unwrap();
    let replayer = Replayer::open(path);
    (folder, replayer)
}

#[derive(Deserialize)]
struct File {
    request: Asked,
}

#[derive(Deserialize)]
struct Asked {
    body: Box<RawValue>,
}

/// The temperature at a place.
#[tool(read, inline)]
fn temperature(city: &str) -> String {
    format!("{} C", city.len() * 3)
}

/// A provider that is busy first, and repeats the secrets of each request in its answers.
fn indiscreet(turn: usize, request: &Request<Bytes>) -> Response<Body> {
    let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
    let (key, extra) = (header("authorization"), header("x-extra"));
    let call = |id, city| json!({"type": "tool_use", "id": id, "name": "temperature", "input": {"city": city}});
    let (status, body) = match turn {
        0 => (529, json!({"error": {"type": "overloaded_error", "message": key}})),
        1 => (
            200,
            json!({
                "content": [
                    {"type": "text", "text": format!("You are {key} and {extra}.")},
                    call("toolu_1", "Bergen"),
                    call("toolu_2", "Rome"),
                ],
                "stop_reason": "tool_use",
                "usage": {"input_tokens": 1.5e1, "output_tokens": 7},
            }),
        ),
        _ => {
            (200, json!({"content": [{"type": "text", "text": "18 C"}], "stop_reason": "end_turn"}))
        }
    };
    let builder = Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("retry-after", "1")
        .header("request-id", format!("req-{extra}"))
        .header("anthropic-ratelimit-tokens-limit", extra)
        .header("set-cookie", "a=b");
    let text = body.to_string();
    let (start, end) = text.split_at(text.len() / 2);
    let parts = [start, end].map(|part| Ok(Bytes::from(part.to_owned())));
    builder.body(pieces(parts)).unwrap()
}

async fn converse(key: &str, transport: impl Transport + 'static) -> Result<Outcome, RunError> {
    let model = Anthropic::new("claude-sonnet-4-6", key)
        .base_url("http://localhost:9/gateway")
        .header("x-extra", EXTRA)
        .header("anthropic-beta", EXTRA)
        .transport(transport);
    let system = format!("I am {KEY}, and {EXTRA}: 1.0");
    Agent::new(model).system(system).tools(tools![temperature]).run("How warm is it?").await
}

#[tokio::test(start_paused = true)]
async fn a_recorded_conversation_is_replayed_without_its_secrets() {
    let folder = tempdir().unwrap();
    let inner = fake(|turn, request| Ok(indiscreet(turn, request)));
    let sent = inner.sent.clone();
    let recorder = Arc::new(Recorder::new(folder.path().join("new/here"), inner).unwrap());
    let live = converse(KEY, recorder.clone()).await.unwrap();
    let folder = folder.path().join("new/here");

    // What was sent is there byte by byte, but for secrets.
    let blot = |text: &str| {
        let escaped = KEY.replace('\\', "\\\\").replace('"', "\\\"");
        text.replace(&escaped, "[secret]").replace(EXTRA, "[secret]")
    };
    for (at, sent) in sent.lock().unwrap().iter().enumerate() {
        let text = fs::read_to_string(folder.join(format!("000{}.json", at + 1))).unwrap();
        assert!(!text.contains("canary") && !text.contains("localhost"), "{text}");
        let file: File = serde_json::from_str(&text).unwrap();
        assert_eq!(file.request.body.get(), blot(str::from_utf8(sent).unwrap()));
    }
    assert!(!format!("{recorder:?}").contains("canary"));
    let second = recording(&folder, "0002.json");
    assert_eq!(second["request"]["path"], "/gateway/v1/messages");
    assert_eq!(
        second["request"]["headers"],
        json!({"accept": "application/json", "content-type": "application/json", "anthropic-version": "2026-10-21"})
    );
    assert_eq!(
        second["response"]["headers"],
        json!({
            "content-type": "application/json",
            "retry-after": "1",
            "request-id": "req-[secret]",
            "anthropic-ratelimit-tokens-limit": "[secret]",
        })
    );

    for key in [KEY, "another key"] {
        let replayer = Arc::new(Replayer::open(&folder).unwrap());
        assert_eq!(replayer.left(), 3);
        let again = converse(key, replayer.clone()).await.unwrap();
        assert_eq!(saved(again.transcript()), blot(&saved(live.transcript())));
        assert_eq!(again.text(), "18 C");
        assert_eq!(replayer.left(), 0);
        assert_eq!(format!("{replayer:?}").matches("left: 0").count(), 1);
    }
}

/// Two recordings of a conversation, whose second request holds a result.
async fn two_turns() -> TempDir {
    let folder = tempdir().unwrap();
    let recorder =
        Recorder::new(folder.path(), fake(|turn, _| Ok(answer(200, format!("{turn}"))))).unwrap();
    exchange(&recorder, r#"{"model": "m", "messages": [1]}"#).await;
    exchange(&recorder, SECOND).await;
    folder
}

const SECOND: &str =
    r#"{"messages": [1, 2, {"role": "user", "content": [{"content": "18 C"}]}], "model": "m"}"#;

#[tokio::test]
async fn a_request_that_differs_is_told_where() {
    let folder = two_turns().await;
    let replayer = Replayer::open(folder.path()).unwrap();
    exchange(&replayer, r#"{"messages":[1],"model":"m"}"#).await;
    for (sent, place) in [
        (
            r#"{"messages": [1, 2, {"role": "user", "content": [{"content": "19 C"}]}], "model": "m"}"#,
            r#"messages[2].content[0].content: recorded "18 C", sent "19 C""#,
        ),
        (
            r#"{"messages": [1, 2], "model": "m"}"#,
            r#"messages[2]: recorded {"content":[{"content":"18 C"}],"role":"user"}, sent nothing"#,
        ),
        (
            r#"{"messages": [1, 2.5], "model": "m", "a": "x\u202ey"}"#,
            r#"a: recorded nothing, sent "x\u{202e}y""#,
        ),
        (r#"{"messages": [1, 2.5]}"#, "messages[1]: recorded 2, sent 2.5"),
        (
            "[]",
            r#"body: recorded {"messages":[1,2,{"content":[{"content":"18 C"}],"role":"use…, sent []"#,
        ),
        (
            "no JSON",
            r#"body: recorded {"messages":[1,2,{"content":[{"content":"18 C"}],"role":"use…, sent "no JSON""#,
        ),
    ] {
        let error = refused(&replayer, sent).await;
        assert_eq!(error, format!("the request is not as recorded: 0002.json: {place}"));
    }
    let elsewhere = Request::post("http://localhost/v1/other").body(Bytes::from(SECOND)).unwrap();
    let error = replayer.send(elsewhere).await.unwrap_err().to_string();
    assert!(error.ends_with("path: recorded /v1/messages, sent /v1/other"), "{error}");

    assert_eq!(replayer.left(), 1, "a mismatch uses nothing");
    assert_eq!(exchange(&replayer, SECOND).await, "1");
    let error = refused(&replayer, SECOND).await;
    assert!(
        error.starts_with("all recordings in ") && error.ends_with(" are used up: 2"),
        "{error}"
    );
}

#[tokio::test]
async fn a_mismatch_shows_no_secret() {
    let (_folder, replayer) =
        file(r#"{"request": {"path": "/", "body": {"a": "1"}}, "response": {"status": 200}}"#);
    let mut request = request(format!(r#"{{"a": "{EXTRA}"}}"#));
    let mut value = HeaderValue::from_static(EXTRA);
    value.set_sensitive(true);
    request.headers_mut().insert("x-extra", value);
    *request.uri_mut() = "http://localhost/".parse().unwrap();
    let error = replayer.unwrap().send(request).await.unwrap_err();
    assert!(error.to_string().ends_with(r#"a: recorded "1", sent "[secret]""#), "{error}");
}

#[tokio::test]
async fn equal_requests_are_served_in_any_order_and_each_recording_once() {
    let folder = two_turns().await;
    let replayer = Replayer::open(folder.path()).unwrap();
    assert_eq!(exchange(&replayer, SECOND).await, "1");
    assert!(refused(&replayer, SECOND).await.contains("0001.json"));
    assert_eq!(exchange(&replayer, r#"{"model": "m", "messages": [1]}"#).await, "0");
}

#[tokio::test]
async fn in_order_nothing_is_compared() {
    let folder = two_turns().await;
    let replayer = Replayer::open(folder.path()).unwrap().in_order();
    assert_eq!(exchange(&replayer, "anything").await, "0");
    assert_eq!(exchange(&replayer, "").await, "1");
    assert!(refused(&replayer, "").await.ends_with("used up: 2"));
}

#[tokio::test]
async fn names_that_are_numbers_are_in_the_order_of_numbers() {
    let folder = tempdir().unwrap();
    for number in ["10000", "9999", "0002"] {
        let text = format!(
            r#"{{"request": null, "response": {{"status": 200, "body_text": "{number}"}}}}"#
        );
        fs::write(folder.path().join(format!("{number}.json")), text).unwrap();
    }
    fs::write(folder.path().join("notes.md"), "no recording").unwrap();
    let replayer = Replayer::open(folder.path()).unwrap();
    for number in ["0002", "9999", "10000"] {
        assert_eq!(exchange(&replayer, "").await, number);
    }
    let recorder = Recorder::new(folder.path(), fake(|_, _| Ok(answer(200, "")))).unwrap();
    exchange(&recorder, "").await;
    assert!(folder.path().join("10001.json").exists());
}

#[tokio::test]
async fn a_body_that_is_not_read_to_its_end_is_recorded_as_cut() {
    let folder = tempdir().unwrap();
    let lost = || Err(ModelError::new(format!("lost {EXTRA}")).with_kind(ModelErrorKind::Timeout));
    let recorder = Recorder::new(
        folder.path(),
        fake(move |_, _| {
            Ok(answer(200, pieces([Ok(Bytes::from("some")), Ok(Bytes::from(" more")), lost()])))
        }),
    );
    let recorder = recorder.unwrap();
    let given_up = recorder.send(request("1")).await.unwrap();
    let mut body = given_up.into_body();
    assert_eq!(body.next().await.unwrap().unwrap(), "some");
    drop(body);
    let failed = recorder.send(request("2")).await.unwrap();
    let (body, error) = read(failed.into_body()).await;
    assert_eq!(
        (body.as_slice(), error.unwrap().kind()),
        (&b"some more"[..], ModelErrorKind::Timeout)
    );
    drop(recorder.send(request("3")).await.unwrap());

    let replayer = Replayer::open(folder.path()).unwrap();
    for (asked, text) in [("1", "some"), ("2", "some more"), ("3", "")] {
        assert_eq!(recording(folder.path(), &format!("000{asked}.json"))["response"]["cut"], true);
        let (body, error) = read(replayer.send(request(asked)).await.unwrap().into_body()).await;
        assert_eq!(body, text.as_bytes());
        assert_eq!(error.unwrap().kind(), ModelErrorKind::Connection);
    }
}

#[tokio::test]
async fn a_secret_that_is_cut_is_no_less_blotted_out() {
    let folder = tempdir().unwrap();
    for at in 1..EXTRA.len() {
        let text = move || [Ok(Bytes::from(&EXTRA[..at])), Ok(Bytes::from(&EXTRA[at..]))];
        let recorder =
            Recorder::new(folder.path(), fake(move |_, _| Ok(answer(200, pieces(text())))));
        let mut asked = request("");
        let mut value = HeaderValue::from_static(EXTRA);
        value.set_sensitive(true);
        asked.headers_mut().insert("x-api-key", value);
        let mut body = recorder.unwrap().send(asked).await.unwrap().into_body();
        assert_eq!(body.next().await.unwrap().unwrap(), EXTRA[..at]);
        drop(body);
        let file = &recording(folder.path(), &format!("{at:04}.json"))["response"]["body_text"];
        let shown = if at < 6 { &EXTRA[..at] } else { "[secret]" };
        assert_eq!(file, shown);
    }
}

#[tokio::test]
async fn more_than_the_recorder_keeps_is_recorded_as_cut_and_passes_through() {
    const MIB: usize = 1 << 20;
    let folder = tempdir().unwrap();
    let piece = Bytes::from(vec![b'a'; 4 * MIB]);
    let body = move || pieces((0..17).map(|_| Ok(piece.clone())));
    let recorder = Recorder::new(folder.path(), fake(move |_, _| Ok(answer(200, body())))).unwrap();
    assert_eq!(exchange(&recorder, "").await.len(), 68 * MIB);
    let file = recording(folder.path(), "0001.json");
    assert_eq!(file["response"]["cut"], true);
    assert_eq!(file["response"]["body_text"].as_str().unwrap().len(), 64 * MIB);
}

#[tokio::test]
async fn bytes_that_are_no_text_come_back_as_they_were() {
    let folder = tempdir().unwrap();
    let bytes = Bytes::from_static(b"\xff\x00\xfe text");
    let reply = bytes.clone();
    let recorder =
        Recorder::new(folder.path(), fake(move |_, _| Ok(answer(418, reply.clone())))).unwrap();
    let sent = || request(Bytes::from_static(b"\xf0 no JSON"));
    read(recorder.send(sent()).await.unwrap().into_body()).await;
    let file = recording(folder.path(), "0001.json");
    assert_eq!(file["request"]["body_text"], "\u{fffd} no JSON");
    assert_eq!(file["response"]["body_base64"], "/wD+IHRleHQ=");

    let replayed = Replayer::open(folder.path()).unwrap().send(sent()).await.unwrap();
    assert_eq!(replayed.status(), 418);
    assert_eq!(read(replayed.into_body()).await.0, bytes);
}

#[tokio::test]
async fn numbers_and_order_of_a_request_are_kept() {
    let folder = tempdir().unwrap();
    let recorder = Recorder::new(folder.path(), fake(|_, _| Ok(answer(200, "")))).unwrap();
    let body = r#"{"z":1.0,"a":12345678901234567890123,"m":1e400, "a":"\u00e4\ud800"}"#;
    exchange(&recorder, body).await;
    assert!(fs::read_to_string(folder.path().join("0001.json")).unwrap().contains(body));
    exchange(&Replayer::open(folder.path()).unwrap(), body).await;
}

#[tokio::test]
async fn a_request_without_an_answer_fails_again() {
    let folder = tempdir().unwrap();
    let lost = || Err(ModelError::new(format!("lost {EXTRA}")).with_kind(ModelErrorKind::Timeout));
    let recorder = Recorder::new(folder.path(), fake(move |_, _| lost())).unwrap();
    let model = Anthropic::new("claude-sonnet-4-6", EXTRA).transport(recorder);
    let once = Limits::default().with_retries(0);
    Agent::new(model).limits(once.clone()).run("Hi").await.unwrap_err();
    let file = recording(folder.path(), "0001.json");
    assert_eq!((&file["error"], &file["response"]), (&json!("lost [secret]"), &Value::Null));

    let model = Anthropic::new("claude-sonnet-4-6", "other")
        .transport(Replayer::open(folder.path()).unwrap());
    let error = Agent::new(model).limits(once.clone()).run("Hi").await.unwrap_err();
    let RunErrorKind::Model(error) = error.kind() else { panic!("{error}") };
    assert_eq!(
        (error.kind(), error.to_string()),
        (ModelErrorKind::Connection, "lost [secret]".into())
    );
}

/// Answers when it is told to.
struct Slow(tokio::sync::Semaphore);

impl Transport for Slow {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Reply> {
        Box::pin(async move {
            self.0.acquire().await.unwrap().forget();
            Ok(answer(200, request.into_body()))
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_requests_at_once_are_fifty_files_in_their_order() {
    let folder = tempdir().unwrap();
    let inner = Arc::new(Slow(tokio::sync::Semaphore::new(0)));
    let recorders =
        [(); 2].map(|()| Arc::new(Recorder::new(folder.path(), inner.clone()).unwrap()));
    let tasks: Vec<_> = (0..50)
        .map(|number| {
            let recorder = recorders[number % 2].clone();
            let (sent, asked) = std::sync::mpsc::channel();
            let task = tokio::spawn(async move {
                let answer = recorder.send(request(number.to_string()));
                sent.send(()).unwrap();
                read(answer.await.unwrap().into_body()).await
            });
            asked.recv().unwrap();
            task
        })
        .collect();
    inner.0.add_permits(50);
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap().0, number.to_string().as_bytes());
    }
    let expected: Vec<_> = (1..=50).map(|number| format!("{number:04}.json")).collect();
    assert_eq!(files(&folder), expected);
    for (number, name) in expected.iter().enumerate() {
        assert_eq!(recording(folder.path(), name)["request"]["body"], number);
    }
}

#[tokio::test]
async fn a_request_that_is_given_up_leaves_no_file() {
    let folder = tempdir().unwrap();
    let inner = Arc::new(Slow(tokio::sync::Semaphore::new(0)));
    let recorder = Recorder::new(folder.path(), inner.clone()).unwrap();
    drop(recorder.send(request("never polled")));
    let late = recorder.send(request("polled"));
    tokio::time::timeout(agent_tests::support::ms(10), late).await.unwrap_err();
    assert_eq!(files(&folder), [""; 0]);
    inner.0.add_permits(1);
    assert_eq!(exchange(&recorder, "whole").await, "whole");
    assert_eq!(files(&folder), ["0003.json"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_an_error_before_anything_is_sent() {
    let folder = tempdir().unwrap();
    let taken = folder.path().join("taken");
    fs::write(&taken, "").unwrap();
    let error = Recorder::new(&taken, fake(|_, _| unreachable!())).unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Configuration);
    assert!(error.to_string().contains(taken.to_str().unwrap()), "{error}");

    let gone = folder.path().join("gone");
    let recorder = Recorder::new(&gone, fake(|_, _| unreachable!())).unwrap();
    fs::remove_dir(&gone).unwrap();
    let error = refused(&recorder, "").await;
    assert!(error.contains(gone.join("0001.json").to_str().unwrap()), "{error}");
}

#[test]
fn a_file_that_is_no_recording_is_told_with_its_place() {
    for (text, what) in [
        ("", ":1:0: not a recording: EOF while parsing a value"),
        (
            "{\n  \"request\": {\"path\": 1}}",
            ":2:23: not a recording: invalid type: integer `1`, expected a string",
        ),
        (r#"{"request": null}"#, ": not a recording: neither `response` nor `error`"),
        (r#"{"response": {"status": 99}}"#, ": response: not a recording: invalid status code"),
        (r#"{"response": {"status": 200, "headers": {"a b": ""}}}"#, "invalid HTTP header name"),
        (
            r#"{"response": {"status": 200, "body_base64": "?"}}"#,
            "`body_base64`: Invalid symbol 63",
        ),
    ] {
        let (folder, replayer) = file(text);
        let error = replayer.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Configuration);
        let (place, error) = (folder.path().join("0001.json"), error.to_string());
        assert!(error.starts_with(place.to_str().unwrap()) && error.contains(what), "{error}");
    }
}

#[test]
fn a_place_without_recordings_is_an_error() {
    let folder = tempdir().unwrap();
    let error = Replayer::open(folder.path()).unwrap_err().to_string();
    assert_eq!(error, format!("no recordings in {}", folder.path().display()));
    let error = Replayer::open(folder.path().join("none.json")).unwrap_err().to_string();
    assert!(error.ends_with("none.json cannot be read"), "{error}");
}

#[tokio::test]
async fn recordings_of_others_can_be_replayed() {
    let Ok(folder) = std::env::var("AGENT_RECORDINGS") else {
        writeln!(std::io::stderr(), "skipped: AGENT_RECORDINGS is not set").unwrap();
        return;
    };
    let replayer = Replayer::open(&folder).unwrap();
    let mut names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    names.sort();
    assert_eq!(replayer.left(), names.len());
    for path in &names {
        let file = json_of(path);
        let mut asked = request(file["request"]["body"].to_string());
        if let Some(path) = file["request"]["path"].as_str() {
            *asked.uri_mut() = path.split('?').next().unwrap().parse().unwrap();
        }
        let alone = Replayer::open(path).unwrap();
        let answer = alone.send(asked).await.unwrap();
        assert_eq!(answer.status().as_u16(), file["response"]["status"]);
        let body = read(answer.into_body()).await.0;
        assert_eq!(body, file["response"]["body_text"].as_str().unwrap().as_bytes());
        assert_eq!(alone.left(), 0);
    }
    let replayer = replayer.in_order();
    for path in &names {
        let answer = replayer.send(request("")).await.unwrap();
        assert_eq!(answer.status().as_u16(), json_of(path)["response"]["status"]);
    }
}
