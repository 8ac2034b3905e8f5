//! Exchanges of real clients with the Messages API: their answers are read, and what we send is what
//! they sent.

mod altered;
mod differences;
mod exchanges;
mod mutations;
mod requests;

use agent_core::{Content, ModelErrorKind as Kind, RunEnd, StopReason, Usage};
use differences::members;
use exchanges::{
    Recording, blocks, first_response, folder, list, model_error, ok, run, say, some_request,
    spelled, text, view, whole,
};
use serde_json::{Value, json};

fn stop_reason(body: &Value) -> StopReason {
    match text(&body["stop_reason"]) {
        "end_turn" => StopReason::EndTurn,
        "tool_use" => StopReason::ToolUse,
        "refusal" => StopReason::Refusal,
        other => panic!("{other} is not recorded in whole answers"),
    }
}

fn usage(body: &Value) -> Usage {
    let tokens = |name: &str| body["usage"][name].as_u64().unwrap();
    let [read, written] = ["cache_read_input_tokens", "cache_creation_input_tokens"].map(tokens);
    let mut usage = Usage::new(tokens("input_tokens") + read + written, tokens("output_tokens"));
    (usage.cache_read_tokens, usage.cache_write_tokens) = (read, written);
    usage
}

#[tokio::test]
async fn a_whole_answer_says_what_another_reader_finds_in_it() {
    let Some(folder) = folder("a_whole_answer_says_what_another_reader_finds_in_it") else {
        return;
    };
    let (mut block_count, mut calls, mut texts) = (0, 0, 0);
    let recordings = whole(&folder, true);
    for recording in &recordings {
        let name = &recording.name;
        let asked = recording.request.as_ref().map_or_else(some_request, |_| recording.asked());
        let mut answer = recording.response.clone();
        answer.headers.insert("request-id".to_owned(), format!("req_{name}"));
        let body: Value = serde_json::from_str(&answer.body_text).unwrap();
        let outcome = run(&asked, answer).await.0.unwrap();
        let response = first_response(outcome.transcript());

        let expected = blocks(&recording.response.body_text);
        let raw: Vec<_> = response.blocks().iter().map(|block| block.raw().unwrap()).collect();
        assert_eq!(spelled(&raw), spelled(&expected), "{name}");
        let views: Vec<_> = expected.iter().map(|block| view(block)).collect();
        let ours = response.blocks().iter().map(|block| block.content().clone());
        assert_eq!(ours.collect::<Vec<_>>(), views, "{name}");
        let said = list(&body["content"]).iter().filter_map(|block| block["text"].as_str());
        assert_eq!(response.text(), said.collect::<String>(), "{name}");

        assert_eq!(*response.stop_reason(), stop_reason(&body), "{name}");
        assert_eq!(response.usage(), usage(&body), "{name}");
        let origin = response.origin().unwrap();
        assert_eq!((&*origin.asked, &*origin.model), (text(&asked["model"]), text(&body["model"])));
        assert_eq!(origin.request_id.as_deref(), Some(&*format!("req_{name}")));
        let details = &body["stop_details"];
        let details = details
            .is_object()
            .then(|| format!("{}: {}", text(&details["category"]), text(&details["explanation"])));
        assert_eq!(origin.stop_details.as_deref(), details.as_deref(), "{name}");
        if *response.stop_reason() == StopReason::Refusal {
            assert_eq!(*outcome.end(), RunEnd::Refused);
        }

        block_count += expected.len();
        calls += response.calls().count();
        texts += views.iter().filter(|view| matches!(view, Content::Text(_))).count();
    }
    assert!(calls > 0 && texts > 0);
    let count = recordings.len();
    say(&format!(
        "recordings: {count} of {count} whole answers decode: {block_count} blocks, {calls} calls, {texts} texts"
    ));
}

#[tokio::test]
async fn tokens_of_the_cache_are_part_of_the_input_and_add_up() {
    let Some(folder) = folder("tokens_of_the_cache_are_part_of_the_input_and_add_up") else {
        return;
    };
    // No recorded answer has any, so figures are put in.
    for recording in whole(&folder, true) {
        let mut body: Value = serde_json::from_str(&recording.response.body_text).unwrap();
        body["usage"]["cache_read_input_tokens"] = json!(7000);
        body["usage"]["cache_creation_input_tokens"] = json!(300);
        body["usage"]["output_tokens_details"] = json!({"thinking_tokens": 3});
        let asked = some_request();
        let outcome = run(&asked, ok(body.to_string())).await.0.unwrap();
        let mut expected = usage(&body);
        expected.reasoning_tokens = 3;
        assert_eq!(expected.input_tokens, body["usage"]["input_tokens"].as_u64().unwrap() + 7300);
        assert_eq!(first_response(outcome.transcript()).usage(), expected);
        // The last word of the run says nothing of tokens.
        assert_eq!(outcome.usage(), expected, "{}", recording.name);
    }
}

/// A recorded error, its kind, and how our text begins.
const ERRORS: [(&str, Kind, &str); 9] = [
    (
        "anthropic-error-key",
        Kind::Authentication,
        "the key was refused: API key is invalid; check ANTHROPIC_API_KEY (status 401, authentication_error)",
    ),
    (
        "anthropic-error-model-stream",
        Kind::NotFound,
        "no model `claude-nonexistent-model-for-error-edge`, or no API at https://api.anthropic.com: ",
    ),
    (
        "anthropic-error-orphan-call",
        Kind::Request,
        "the API refuses the request: messages.1: `tool_use` ids were found without `tool_result` blocks",
    ),
    (
        "anthropic-error-root-union",
        Kind::Request,
        "the API refuses the tool `one`: tools.0.custom.input_schema.type: Field required",
    ),
    (
        "anthropic-strict-16-unions-refused",
        Kind::Request,
        "the API refuses the request: Schema is too complex for compilation. Try",
    ),
    (
        "anthropic-strict-21-tools-refused",
        Kind::Request,
        "the API refuses the request: Too many strict tools (21). The maximum",
    ),
    (
        "anthropic-strict-25-optional-refused",
        Kind::Request,
        "the API refuses the request: Schemas contains too many optional parameters (25)",
    ),
    (
        "anthropic-strict-recursion-refused",
        Kind::Request,
        "the API refuses the tool `record_linked_node`: tools.0.custom: Invalid schema: Circular",
    ),
    (
        "anthropic-strict-root-anyof-refused",
        Kind::Request,
        "the API refuses the tool `record_root_any_of`: tools.0.custom.input_schema.type: Field",
    ),
];

/// A request whose tools an error may name.
fn asked_before(recording: &Recording) -> Value {
    let mut asked = match &recording.request {
        Some(_) => recording.asked(),
        None => some_request(),
    };
    if asked["tools"].is_null() {
        let schema = json!({"type": "object"});
        let tool = |name| json!({"name": name, "description": "A tool", "input_schema": schema});
        asked["tools"] = json!([tool("two"), tool("one")]);
    }
    for tool in members(&mut asked, "tools") {
        tool["input_schema"]["type"] = json!("object");
    }
    asked
}

#[tokio::test]
async fn each_recorded_error_has_its_kind_and_says_what_to_do() {
    let Some(folder) = folder("each_recorded_error_has_its_kind_and_says_what_to_do") else {
        return;
    };
    let recordings = whole(&folder, false);
    let names: Vec<_> = recordings.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ERRORS.map(|(name, ..)| name));
    for (recording, (name, kind, begins)) in recordings.iter().zip(ERRORS) {
        let answer = recording.response.clone();
        let body: Value = serde_json::from_str(&answer.body_text).unwrap();
        let (ended, served) = run(&asked_before(recording), answer.clone()).await;
        let ended = ended.unwrap_err();
        let error = model_error(&ended);
        let shown = error.to_string();
        assert_eq!((name, error.kind(), error.status()), (name, kind, Some(answer.status)));
        assert!(shown.starts_with(begins), "{name}: {shown}");
        assert_eq!(error.name(), body["error"]["type"].as_str());
        let said = text(&body["error"]["message"]);
        assert!(shown.contains(said.trim_end_matches('.')), "{name}: {shown}");
        let header = answer.headers.get("request-id").map(String::as_str);
        assert_eq!(error.request_id(), header.or(body["request_id"].as_str()), "{name}");
        assert_eq!((error.code(), error.retry_after()), (None, None));
        assert_eq!(error.body(), Some(&*answer.body_text));
        // Nothing of it changes by asking again.
        assert_eq!((error.is_retryable(), error.attempts(), served.asked().len()), (false, 1, 1));
    }
    say(&format!("recordings: {} of {} errors have their kind", ERRORS.len(), names.len()));
}

#[tokio::test]
async fn an_error_names_a_tool_by_its_place_among_those_sent() {
    let Some(folder) = folder("an_error_names_a_tool_by_its_place_among_those_sent") else {
        return;
    };
    let recordings = whole(&folder, false);
    let recording = recordings.iter().find(|it| it.name == "anthropic-error-root-union").unwrap();
    for (place, begins) in [
        ("tools.0.", "the API refuses the tool `one`: "),
        ("tools.1.", "the API refuses the tool `two`: "),
        ("tools.2.", "the API refuses the request: "),
    ] {
        let mut answer = recording.response.clone();
        answer.body_text = answer.body_text.replace("tools.0.", place);
        let (ended, served) = run(&asked_before(recording), answer).await;
        let shown = model_error(&ended.unwrap_err()).to_string();
        assert!(shown.starts_with(&format!("{begins}{place}")), "{shown}");
        let sent: Value = serde_json::from_str(&served.bodies()[0]).unwrap();
        let names: Vec<_> = list(&sent["tools"]).iter().map(|tool| text(&tool["name"])).collect();
        assert_eq!(names, ["one", "two"]);
    }
}
