//! The shapes that requests can have, and conversations over several of them.

use agent_core::CallStatus::Completed;
use agent_core::providers::anthropic::{Auth, PromptCache};
use agent_core::{
    Agent, Content, ContentBlock, Input, Media, Origin, ParallelToolCalls, Part, Response, RunEnd,
    ScriptedModel, ToolCall, ToolChoice, ToolOutput, Transcript, tool, tools,
};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::LONG;
use super::mock::{mock, now};
use agent_tests::support::{saved, statuses};

/// Only the first of these words has steps, which count all responses of a conversation.
#[tokio::test]
async fn a_conversation_goes_on_after_every_ending() {
    let Some(mock) = mock("two-rounds") else { return };
    let agent = mock.agent().system("Answer briefly.").max_turns(3);
    let mut chat = agent.conversation(Transcript::default());
    chat.send(mock.words()).await.unwrap();
    let other = |reason: &str| RunEnd::Other(reason.to_owned());
    for (word, stop) in [
        ("slow-chunks", RunEnd::Done),
        ("cut-call", RunEnd::Truncated),
        ("cut-text", RunEnd::Truncated),
        ("refusal", RunEnd::Refused),
        ("strange-stop", other("a_reason_from_the_future")),
        ("content-filter", other("content_filter")),
        ("endless-calls", RunEnd::MaxTurns),
        ("slow-chunks", RunEnd::Done),
    ] {
        assert_eq!(chat.send(word).await.unwrap().end(), &stop, "{word}");
        chat = agent.conversation(serde_json::from_str(&saved(chat.transcript())).unwrap());
    }
    chat.send("bad-request").await.unwrap_err();
    let outcome = chat.send("slow-chunks at last").await.unwrap();
    // And one that the answer had moved past before it was cut off.
    assert_eq!(outcome.text(), LONG);
    assert!((4 + 3..=4 + 3 + 1).contains(&mock.ran()), "{}", mock.ran());
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
    let agent = mock.agent().parallel_tool_calls(ParallelToolCalls::Never);
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
        (ToolChoice::Auto, ParallelToolCalls::Auto, Value::Null),
        (ToolChoice::Any, ParallelToolCalls::Auto, json!({"type": "any"})),
        (
            ToolChoice::Any,
            ParallelToolCalls::Never,
            json!({"type": "any", "disable_parallel_tool_use": true}),
        ),
        (named.clone(), ParallelToolCalls::Auto, json!({"type": "tool", "name": "get_weather"})),
        (
            named,
            ParallelToolCalls::Never,
            json!({"type": "tool", "name": "get_weather", "disable_parallel_tool_use": true}),
        ),
        (ToolChoice::None, ParallelToolCalls::Never, json!({"type": "none"})),
    ] {
        let Some(mock) = mock("call-text-call") else { return };
        let agent = mock.agent().tool_choice(choice).parallel_tool_calls(parallel);
        let outcome = agent.run(mock.words()).await.unwrap();
        assert_eq!(outcome.end(), &RunEnd::Done);
        let bodies = mock.bodies();
        assert!(bodies.len() == 2 && bodies.iter().all(|body| body["tool_choice"] == told));
    }
}

#[tokio::test]
async fn an_agent_without_tools_names_none() {
    let Some(mock) = mock("slow-chunks") else { return };
    let agent = Agent::new(mock.model()).parallel_tool_calls(ParallelToolCalls::Never).system("");
    agent.run(mock.words()).await.unwrap();
    let bodies = mock.bodies();
    let keys: Vec<_> = bodies[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["cache_control", "max_tokens", "messages", "model", "stream"]);
}

/// Other tools of the names that the server knows.
mod pictures {
    use super::{Media, Part, ToolOutput, tool};

    /// A map of the weather in a city.
    #[tool(read, inline)]
    pub(super) fn get_weather(city: &str) -> ToolOutput {
        let report = Media::text(format!("All is well in {city}.")).titled("Report");
        let output = ToolOutput::text(format!("The map of {city}:"));
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
    assert_eq!(outcome.end(), &RunEnd::Done);
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
    assert_eq!(agent.run(mock.words()).await.unwrap().end(), &RunEnd::Done);
    let bodies = mock.bodies();
    assert_eq!((bodies.len(), &bodies[1]["max_tokens"]), (2, &json!(4096)));
    assert_eq!(bodies[1]["stop_sequences"], json!(["END", "STOP"]));
}

#[tokio::test]
async fn an_older_version_takes_its_key_and_its_sampling() {
    let Some(mock) = mock("two-calls") else { return };
    let model = mock.model().auth(Auth::ApiKey).version("2023-06-01");
    let model = model.field("temperature", 0.5).field("top_k", 40);
    assert_eq!(mock.agent_of(model).run(mock.words()).await.unwrap().end(), &RunEnd::Done);
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
        ContentBlock::with_raw(Content::ToolCall(ToolCall::new(id, name, arguments)), raw)
    };
    let thought = Content::Thinking("Hm.".to_owned());
    Response::new()
        .block(ContentBlock::with_raw(
            thought,
            raw(r#"{"type":"reasoning","encrypted_content":"x"}"#),
        ))
        .with_text("Let me see.")
        .block(call("call:1|fc", "now", "{}"))
        .block(call("call:2|fc", "functions.now", "{}"))
        .block(call("call:3|fc", "now", "[1"))
        .from_origin(Origin::new("openai-responses", "another"))
}

#[tokio::test]
async fn a_history_of_another_provider_is_continued() {
    let Some(mock) = mock("slow-chunks") else { return };
    let script =
        ScriptedModel::new().turn(|_| foreign()).turn(|_| Response::new().with_text("Noon."));
    let elsewhere = Agent::new(script).tools(tools![now].with_state(mock.desk.clone()));
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
