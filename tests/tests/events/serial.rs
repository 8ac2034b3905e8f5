//! Events as JSON, to be sent on as they are.

use agent_core::{
    Agent, CallStatus, Event, EventKind, Media, ModelErrorKind, Part, Response, RunEnd, StopReason,
    ToolCall, ToolOutput, ToolResult, Usage, tool, tools,
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

use crate::agent;
use agent_tests::support::diary::Diary;
use agent_tests::support::streamed::Script;
use agent_tests::support::watched::watched;
use agent_tests::support::{ms, once};

fn kind(event: &Event) -> String {
    let json: Value = serde_json::to_value(event).unwrap();
    json["type"].as_str().unwrap().to_owned()
}

/// An event of this kind.
fn event(kind: EventKind) -> Event {
    event_at(kind, ms(1250))
}

fn event_at(kind: EventKind, at: Duration) -> Event {
    let json = r#"{"run":"00000000c0ffee00-7","turn":3,"at":0,"type":"new"}"#;
    let mut event: Event = serde_json::from_str(json).unwrap();
    (event.kind, event.at) = (kind, at);
    event
}

fn round(event: &Event) {
    let json = serde_json::to_string(event).unwrap();
    assert!(json.starts_with(r#"{"run":""#), "{json}");
    assert_eq!(json.matches(r#""type":""#).count(), 1, "{json}");
    let read: Event = serde_json::from_str(&json).unwrap();
    assert_eq!(read, *event, "{json}");
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
    let from_value: Event = serde_json::from_value(serde_json::from_str(&json).unwrap()).unwrap();
    assert_eq!(from_value, *event);
}

/// Show a picture.
#[tool(read, inline)]
fn show() -> ToolOutput {
    ToolOutput::text("a picture").and(Part::Image(Media::new("image/png", b"no picture")))
}

#[tokio::test(start_paused = true)]
async fn each_event_of_a_run_is_the_same_after_json() {
    let diary = Diary::new();
    let first = Script::new()
        .thinking("hm")
        .with_text("a \"b\"\n\u{1f600}")
        .calls("tell 20, fail 5, look 1");
    let cut = first.clone().after(100).breaks_for(1000);
    let calls = first.call("nobody", "{\"x\":").calls("save 10, hang 5000, look 99999");
    let agent = agent(&diary, [cut, calls.after(50).end()]);
    let seen = watched(agent.run("go").deadline(ms(9000)).stream()).await;
    let failed = Script::new().with_text("so").fails(ModelErrorKind::Authentication);
    let other = watched(crate::agent(&diary, [failed]).stream("go")).await;
    let pictures = Agent::new(once(Response::new().call("show", "{}"))).tools(tools![show]);
    let pictures = watched(pictures.stream("go")).await;

    let mut kinds = BTreeSet::new();
    for (_, event) in seen.events.iter().chain(&other.events).chain(&pictures.events) {
        round(event);
        kinds.insert(kind(event));
    }
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        [
            "call_announced",
            "call_arguments",
            "call_ended",
            "call_progress",
            "call_started",
            "call_written",
            "run_ended",
            "run_failed",
            "text",
            "thinking",
            "turn_ended",
            "turn_restarted",
            "turn_started",
        ]
    );
}

#[test]
fn a_question_is_the_same_after_json() {
    let asked = event(EventKind::ApprovalRequested { number: 2, id: "c2".into() });
    round(&asked);
    assert_eq!(kind(&asked), "approval_requested");
}

#[test]
fn each_kind_of_status_and_stop_is_the_same_after_json() {
    let call = ToolCall::new("c1", "look", "{}");
    for status in [
        CallStatus::Completed,
        CallStatus::Failed,
        CallStatus::TimedOut,
        CallStatus::Interrupted,
        CallStatus::NotRun,
    ] {
        let result = ToolResult::new(&call, status, "so");
        round(&event(EventKind::CallEnded { number: 1, id: "c1".into(), result }));
    }
    for stop in [
        RunEnd::Done,
        RunEnd::MaxTurns,
        RunEnd::Truncated,
        RunEnd::Refused,
        RunEnd::Filtered,
        RunEnd::Cancelled,
        RunEnd::DeadlineExceeded,
        RunEnd::Other("done".into()),
    ] {
        round(&event(EventKind::RunEnded { end: stop }));
    }
    for stop in [
        StopReason::EndTurn,
        StopReason::ToolUse,
        StopReason::MaxTokens,
        StopReason::StopSequence,
        StopReason::Paused,
        StopReason::Refusal,
        StopReason::Filtered,
        StopReason::Other("end_turn".into()),
    ] {
        round(&event(EventKind::TurnEnded { stop, usage: Usage::default() }));
    }
}

#[test]
fn what_a_newer_version_adds_is_read_too() {
    let json = r#"{"run":"00000000c0ffee00-7","turn":3,"at":1,"type":"new","number":1,"a":[{}]}"#;
    let read: Event = serde_json::from_str(json).unwrap();
    assert_eq!(read, event_at(EventKind::Unknown, ms(1000)));
    let json = r#"{"type":"text","parent":{"a":1},"text":"so","run":"00000000c0ffee00-7","turn":3,"at":1.25}"#;
    let read: Event = serde_json::from_str(json).unwrap();
    assert_eq!(read, event(EventKind::Text { text: "so".into() }));
}

#[test]
fn what_is_no_event_is_an_error() {
    for json in [
        r#"{"turn":3,"at":1,"type":"turn_started"}"#,
        r#"{"run":"7","turn":3,"at":1,"type":"turn_started"}"#,
        r#"{"run":"c0ffee-7","turn":3,"at":1,"type":"turn_started"}"#,
        r#"{"run":"00000000c0ffee00-+7","turn":3,"at":1,"type":"turn_started"}"#,
        r#"{"run":"00000000c0ffee00-7","turn":3,"at":-1,"type":"turn_started"}"#,
        r#"{"run":"00000000c0ffee00-7","turn":3,"at":1}"#,
        r#"{"run":"00000000c0ffee00-7","turn":3,"at":1,"type":"text"}"#,
    ] {
        assert!(serde_json::from_str::<Event>(json).is_err(), "{json}");
    }
}
