//! Wherever the code of a tool panics, its call gets one error result and the others run on.

use agent_core::CallStatus::{self, Completed, Failed, Interrupted, NotRun, TimedOut};
use agent_core::{
    Agent, DynamicTool, Response, ScriptedModel, ToolContext, ToolError, ToolResult, Toolset, tool,
    tools,
};
use agent_tests::support::{ms, once, saved, statuses, texts};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use std::fmt;
use std::future::Ready;
use std::panic::{panic_any, set_hook, take_hook};
use std::sync::Once;
use tokio::time::sleep;

fn boom() -> u8 {
    panic!("on purpose")
}

/// Before the first await.
#[tool(read)]
async fn at_once() -> u8 {
    boom() + later().await
}

/// After the first await.
#[tool(write)]
async fn later() -> u8 {
    sleep(ms(5)).await;
    panic!("on purpose")
}

/// In a function that is not async.
#[tool(read, inline)]
fn in_sync() -> u8 {
    panic!("on purpose")
}

/// Where nothing is claimed.
#[tool(pure, inline)]
fn in_pure() -> u8 {
    panic!("on purpose")
}

/// On a thread of its own.
#[tool(write)]
fn in_blocking() -> u8 {
    panic!("on purpose")
}

/// Panics when it is read from JSON.
#[derive(JsonSchema)]
struct Unreadable(u8);

impl<'de> Deserialize<'de> for Unreadable {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        match u8::deserialize(value)? {
            1 => panic!("on purpose"),
            other => Ok(Self(other)),
        }
    }
}

/// While its arguments are read.
#[tool(read, inline)]
fn in_deserialize(value: Unreadable) -> u8 {
    value.0
}

/// While its arguments are read, where nothing is claimed.
#[tool(pure, inline)]
fn in_pure_deserialize(value: Unreadable) -> u8 {
    value.0
}

/// Is refused when it is read, and panics when the reason is looked for.
#[derive(JsonSchema)]
struct Treacherous(u8);

thread_local! {
    static READ: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

impl<'de> Deserialize<'de> for Treacherous {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        let value = Self(u8::deserialize(value)?);
        READ.set(READ.get() + 1);
        assert!(READ.get() < 2, "on purpose");
        Err(serde::de::Error::custom(value.0))
    }
}

/// While the fault in its arguments is looked for.
#[tool(read, inline)]
fn in_the_second_reading(value: Treacherous) -> u8 {
    value.0
}

struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("on purpose")
    }
}

/// While its output is written.
#[tool(read, inline)]
fn in_serialize() -> Unwritable {
    Unwritable
}

#[derive(Debug)]
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("on purpose")
    }
}

impl std::error::Error for Unspeakable {}

/// While its error is shown.
#[tool(read, inline)]
fn in_display() -> Result<u8, Unspeakable> {
    Err(Unspeakable)
}

/// While its fatal error is shown.
#[tool(read, inline)]
fn in_fatal_display() -> Result<u8, ToolError> {
    Err(ToolError::fatal(Unspeakable))
}

/// Panics when it is dropped.
#[derive(Debug)]
struct Heavy;

impl Drop for Heavy {
    fn drop(&mut self) {
        panic!("on purpose")
    }
}

impl fmt::Display for Heavy {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("on purpose, at first")
    }
}

impl std::error::Error for Heavy {}

/// At the end of its body.
#[tool(read)]
async fn in_drop() -> u8 {
    let _heavy = Heavy;
    sleep(ms(5)).await;
    1
}

/// When its body is dropped because its time is over.
#[tool(read, timeout = "10ms")]
async fn in_drop_at_the_timeout() -> u8 {
    let _heavy = Heavy;
    std::future::pending().await
}

/// While its error is shown, and again when that is dropped.
#[tool(read, inline)]
fn in_display_and_drop() -> Result<u8, Heavy> {
    Err(Heavy)
}

/// With a payload that panics when it is dropped.
#[tool(read, inline)]
fn with_a_bomb() -> u8 {
    panic_any(Heavy)
}

/// Panics when it is dropped, with a payload that does so too.
struct Nested;

impl Drop for Nested {
    fn drop(&mut self) {
        panic_any(Heavy)
    }
}

/// With a payload that leaves another one behind.
#[tool(read, inline)]
fn with_a_bomb_in_a_bomb() -> u8 {
    panic_any(Nested)
}

/// With such a payload, on a thread of its own.
#[tool(read)]
fn with_a_blocking_bomb() -> u8 {
    panic_any(Heavy)
}

/// Like the others, but good.
#[tool(read)]
async fn good(n: u8) -> u8 {
    sleep(ms(2)).await;
    n
}

type Told = Result<String, ToolError>;

fn told(message: &str) -> Told {
    panic!("{message}")
}

fn all() -> Toolset {
    let schema = json!({"type": "object"});
    let making =
        DynamicTool::new("in_making", "A tool.", schema.clone(), agent_core::Access::Write, {
            |_: Value, _: ToolContext| -> Ready<Told> { panic!("on purpose") }
        });
    let running = DynamicTool::new("in_running", "A tool.", schema, agent_core::Access::Pure, {
        |_: Value, _: ToolContext| async { told("on purpose") }
    });
    let listed = tools![
        at_once,
        later,
        in_sync,
        in_pure,
        in_blocking,
        in_deserialize,
        in_pure_deserialize,
        in_the_second_reading,
        in_serialize,
        in_display,
        in_drop,
        in_drop_at_the_timeout,
        in_display_and_drop,
        with_a_bomb,
        with_a_bomb_in_a_bomb,
        with_a_blocking_bomb,
        good,
    ];
    Toolset::from(listed).and(making).unwrap().and(running).unwrap()
}

/// Panics on purpose are not printed.
fn be_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |panic| {
            let payload = panic.payload();
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or(payload.downcast_ref::<&str>().copied()).unwrap_or_default();
            if !text.starts_with("on purpose") && !payload.is::<Heavy>() && !payload.is::<Nested>()
            {
                print(panic);
            }
        }));
    });
}

fn arguments(name: &str) -> &'static str {
    match name {
        "good" => r#"{"n":7}"#,
        _ if name.contains("deserialize") || name.contains("second") => r#"{"value":1}"#,
        _ => "{}",
    }
}

fn expected(name: &str) -> (CallStatus, &'static str) {
    match name {
        "good" => (Completed, "7"),
        "in_the_second_reading" => {
            (Failed, "invalid arguments: `value`: its type panicked. Arguments: `value`")
        }
        "in_drop_at_the_timeout" => (TimedOut, "timed out after 10ms"),
        "with_a_bomb" | "with_a_bomb_in_a_bomb" | "with_a_blocking_bomb" => {
            (Failed, "the tool panicked")
        }
        "in_display_and_drop" => (Failed, "the tool panicked: on purpose, at first"),
        _ => (Failed, "the tool panicked: on purpose"),
    }
}

fn scripted(names: &[&str]) -> ScriptedModel {
    let call = |response: Response, name: &&str| response.call(*name, arguments(name));
    once(names.iter().fold(Response::new(), call))
}

fn check(names: &[&str], results: &[&ToolResult]) {
    assert_eq!(results.len(), names.len());
    for (result, name) in results.iter().zip(names) {
        assert_eq!(result.name(), *name);
        assert_eq!((result.status(), result.text()), expected(name), "{name}");
    }
}

/// A blocking body needs real time.
async fn each_place_alone_first_in_the_middle_and_last() {
    be_quiet();
    let tools = all();
    for name in tools.names() {
        for names in
            [&[name][..], &[name, "good", "good"], &["good", name, "good"], &["good", "good", name]]
        {
            READ.set(0);
            let agent = Agent::new(scripted(names)).tools(tools.clone());
            for agent in [agent.clone(), agent.concurrency(1)] {
                READ.set(0);
                let outcome = agent.run("go").await.unwrap();
                let results: Vec<_> = outcome.transcript().results().collect();
                check(names, &results);
                assert_eq!(outcome.text(), "done");
                saved(outcome.transcript());
            }
        }
    }
}

#[tokio::test]
async fn a_panic_anywhere_is_one_error_result() {
    each_place_alone_first_in_the_middle_and_last().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_anywhere_is_one_error_result_on_many_threads_too() {
    each_place_alone_first_in_the_middle_and_last().await;
}

#[tokio::test]
async fn panics_everywhere_at_once_leave_the_others_alone() {
    be_quiet();
    let tools = all();
    READ.set(0);
    let mut names: Vec<_> = tools.names().collect();
    names.extend(["good", "good"]);
    let outcome = Agent::new(scripted(&names)).tools(tools.clone()).run("go").await.unwrap();
    let results: Vec<_> = outcome.transcript().results().collect();
    check(&names, &results);
}

/// Panic when it is dropped, before anybody has waited for it.
#[tool(write)]
async fn stopped(n: u8) -> u8 {
    sleep(ms(n.into())).await;
    in_drop_at_the_timeout().await
}

/// End the run.
#[tool(pure)]
async fn end() -> Result<(), ToolError> {
    sleep(ms(20)).await;
    Err(ToolError::fatal("the end"))
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_body_that_is_stopped_stays_there() {
    be_quiet();
    let calls = || {
        Response::new()
            .call("stopped", r#"{"n":1}"#)
            .call("stopped", r#"{"n":2}"#)
            .call("end", "{}")
    };
    let tools = Toolset::from(tools![stopped, end]);
    let error = Agent::new(once(calls())).tools(tools.clone()).run("go").await.unwrap_err();
    assert_eq!(statuses(error.transcript()), [Interrupted, NotRun, Failed]);

    let agent = Agent::new(once(calls())).tools(tools);
    tokio::time::timeout(ms(5), agent.run("go")).await.unwrap_err();
    sleep(ms(1)).await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[test]
fn a_panic_in_a_body_that_its_runtime_drops_stays_there() {
    be_quiet();
    for many in [false, true] {
        let runtime = if many {
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build()
        } else {
            tokio::runtime::Builder::new_current_thread().enable_time().build()
        };
        let runtime = runtime.unwrap();
        let calls = Response::new().call("stopped", r#"{"n":1}"#).call("stopped", r#"{"n":2}"#);
        let agent = Agent::new(once(calls)).tools(tools![stopped]);
        let run = runtime.spawn(async move { agent.run("go").await.map(drop) });
        runtime.block_on(async { sleep(ms(20)).await });
        drop(runtime);
        let ended = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run);
        assert!(ended.unwrap_err().is_cancelled(), "no panic reaches the run's task");
    }
}

#[tokio::test(start_paused = true)]
async fn the_message_of_a_panic_is_short_and_on_one_line() {
    be_quiet();
    let tool =
        DynamicTool::new("long", "A tool.", json!({"type": "object"}), agent_core::Access::Pure, {
            |_: Value, _: ToolContext| async { told(&format!("on purpose\n{}", "x".repeat(999))) }
        });
    let tools = Toolset::default().and(tool).unwrap();
    let outcome = Agent::new(scripted(&["long"])).tools(tools).run("go").await.unwrap();
    let text = texts(outcome.transcript())[0];
    assert!(text.starts_with("the tool panicked: on purpose\\nxx"), "{text}");
    assert!(text.chars().count() < 400, "{text}");
}

/// A fatal error ends the run, also one that cannot be displayed.
#[tokio::test(start_paused = true)]
async fn a_fatal_error_that_panics_in_its_display_is_fatal() {
    be_quiet();
    let plan = Response::new().call("in_fatal_display", "{}").call("good", r#"{"n":1}"#);
    let agent = Agent::new(once(plan)).tools(tools![in_fatal_display, good]);
    let error = agent.run("go").await.unwrap_err();
    assert!(matches!(error.kind(), agent_core::RunErrorKind::Fatal { .. }));
    let text = "the tool `in_fatal_display` ended the run: an error that cannot be displayed";
    assert_eq!(format!("{error:?}"), text);
}
