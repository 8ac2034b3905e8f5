//! What the Anthropic API would refuse does not get onto the wire, whatever stands in a transcript.

use agent_core::providers::Anthropic;
use agent_core::transport::{Body, Http, Recorder, Replayer, Timeouts, Transport};
use agent_core::{
    Agent, BoxFuture, Input, Media, ModelError, ModelErrorKind, Part, RunError, RunErrorKind,
    Transcript, tool, tools,
};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Answers from a list, and keeps the bodies it was sent.
#[derive(Clone, Default)]
struct Wire {
    answers: Arc<Mutex<Vec<Value>>>,
    sent: Arc<Mutex<Vec<Value>>>,
}

impl Wire {
    fn new(answers: impl IntoIterator<Item = Value>) -> Self {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        Self { answers: Arc::new(Mutex::new(answers)), sent: Arc::default() }
    }

    fn model(&self) -> Anthropic {
        Anthropic::new("claude-sonnet-4-6", "a key of some length").transport(self.clone())
    }

    fn sent(&self) -> Vec<Value> {
        self.sent.lock().unwrap().clone()
    }
}

impl Transport for Wire {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
        self.sent.lock().unwrap().push(serde_json::from_slice(request.body()).unwrap());
        let answer = self.answers.lock().unwrap().pop().unwrap();
        Box::pin(async move { Ok(http::Response::new(Body::from(answer.to_string()))) })
    }
}

fn says(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"})
}

fn calls(name: &str, id: &str) -> Value {
    let call = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
    json!({"content": [call], "stop_reason": "tool_use"})
}

fn kind(error: &RunError) -> ModelErrorKind {
    let RunErrorKind::Model(error) = error.kind() else { panic!("{error}") };
    error.kind()
}

/// Fail without a word.
#[tool(read, inline)]
fn fail() -> Result<(), String> {
    Err(String::new())
}

/// The weather.
#[tool(read, inline)]
fn get_weather() -> &'static str {
    "sunny"
}

#[tokio::test]
async fn an_error_without_a_text_gets_one() {
    let wire = Wire::new([calls("fail", "a"), says("done")]);
    Agent::new(wire.model()).tools(tools![fail]).run("go").await.unwrap();
    let result = &wire.sent()[1]["messages"][2]["content"][0];
    assert_eq!(result["content"], "failed without a message");
    assert_eq!(result["is_error"], true);
}

#[tokio::test]
async fn there_has_to_be_something_to_answer() {
    for nothing in ["", "  \n"] {
        let wire = Wire::new([says("Hello."), says("never")]);
        let agent = Agent::new(wire.model());
        let error = agent.run(nothing).await.unwrap_err();
        let told = "there is nothing to answer: the input is empty";
        assert_eq!((kind(&error), error.to_string()), (ModelErrorKind::Configuration, told.into()));

        let mut chat = agent.conversation(Transcript::default());
        chat.send("Hi").await.unwrap();
        assert_eq!(chat.resume().await.unwrap_err().to_string(), told);
        assert_eq!(chat.send(nothing).await.unwrap_err().to_string(), told);
        assert_eq!(wire.sent().len(), 1);
        assert!(chat.pop_input().is_some());
        assert_eq!(chat.transcript().messages().len(), 2);
    }
}

#[tokio::test]
async fn what_is_refused_can_be_taken_back() {
    let wire = Wire::new([says("Hello."), says("Fine.")]);
    let mut chat = Agent::new(wire.model()).conversation(Transcript::default());
    chat.send("Hi").await.unwrap();
    assert!(chat.pop_input().is_none());
    let picture = Part::Image(Media::new("image/tiff", b".."));
    let error = chat.send(Input::from("Look").and(picture.clone())).await.unwrap_err();
    assert!(error.to_string().contains("an image of type image/tiff"), "{error}");
    assert_eq!(chat.pop_input().unwrap().parts(), [Part::from("Look"), picture]);
    assert_eq!(chat.send("How are you?").await.unwrap().text(), "Fine.");
}

#[tokio::test]
async fn a_call_that_hides_in_a_loaded_transcript_is_not_sent() {
    let hidden = json!({"type": "tool_use", "id": "a", "name": "fail", "input": {}});
    let origin = json!({"dialect": "anthropic", "asked": "claude-sonnet-4-6", "model": "m"});
    let block = json!({"view": "opaque", "raw": hidden});
    let saved = json!({"version": 1, "messages": [
        {"user": [{"text": "Hi"}]},
        {"assistant": {"blocks": [block], "origin": origin}},
    ]});
    let transcript: Transcript = serde_json::from_str(&saved.to_string()).unwrap();
    let wire = Wire::new([says("Hello.")]);
    Agent::new(wire.model()).conversation(transcript).send("And?").await.unwrap();
    assert!(!wire.sent()[0].to_string().contains("tool_use"), "{:?}", wire.sent());
}

#[tokio::test]
async fn two_ids_stay_two() {
    let wire = Wire::new([
        json!({"content": [
            {"type": "tool_use", "id": "a.b", "name": "get_weather", "input": {}},
            {"type": "tool_use", "id": "id_612e62", "name": "get_weather", "input": {}},
        ], "stop_reason": "tool_use"}),
        says("done"),
    ]);
    Agent::new(wire.model()).tools(tools![get_weather]).run("go").await.unwrap();
    let messages = &wire.sent()[1]["messages"];
    let ids = |at: usize, key: &str| {
        let blocks = messages[at]["content"].as_array().unwrap();
        blocks.iter().map(|block| block[key].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(1, "id"), ids(2, "tool_use_id"));
    assert_ne!(ids(1, "id")[0], ids(1, "id")[1]);
}

#[tokio::test]
async fn a_header_with_an_ordinary_word_leaves_recordings_whole() {
    let folder = tempfile::tempdir().unwrap();
    let wire = Wire::new([calls("get_weather", "a"), says("It is sunny.")]);
    let recorder = Recorder::new(folder.path(), wire).unwrap();
    let run = |model: Anthropic| async {
        let agent = Agent::new(model.header("x-team", "weather")).tools(tools![get_weather]);
        agent.run("The weather?").await.unwrap().text()
    };
    let new = || Anthropic::new("claude-sonnet-4-6", "a key of some length");
    assert_eq!(run(new().transport(recorder)).await, "It is sunny.");
    let replayer = Arc::new(Replayer::open(folder.path()).unwrap());
    assert_eq!(run(new().transport(replayer.clone())).await, "It is sunny.");
    assert_eq!(replayer.left(), 0);
}

#[tokio::test]
async fn settings_that_do_not_do_say_what_would() {
    let http = || Http::new(Timeouts::default()).unwrap();
    let new = || Anthropic::new("claude-sonnet-4-6", "a key").transport(http());
    for (model, told) in [
        (new().base_url("127.0.0.1:4010"), "begin with `https://` or `http://`"),
        (new().base_url("https://api.anthropic.com/v1/"), "the part before `/v1`"),
        (new().base_url("https://me:pass@host"), "neither a user nor a query"),
        (new().field("tools", 1), "set them by `Agent::tools`"),
        (new().field("model", "m"), "`Anthropic::new` or `from_env` names it"),
        (new().header("x", "a\nb"), "is there a line break in it?"),
    ] {
        let error = Agent::new(model).run("Hi").await.unwrap_err();
        assert_eq!(kind(&error), ModelErrorKind::Configuration);
        assert!(error.to_string().contains(told), "{error}");
    }
}
