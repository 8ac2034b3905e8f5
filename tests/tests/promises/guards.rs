//! Code of the user runs only through guards: whatever panics is a result, and nothing leaves `run`.

use agent_core::CallStatus::{Completed, Failed};
use agent_core::{
    Access, Agent, Decision, DynamicTool, Limits, PendingCall, Response, RunErrorKind, ToolError,
    Toolset, tool, tools,
};
use agent_tests::support::panics::count_panics;
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::{ms, once, saved, statuses, texts};
use schemars::JsonSchema;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;
use std::fmt;
use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::soon;

/// Panics when it is read from JSON.
#[derive(Debug, JsonSchema)]
struct Unreadable;

impl<'de> Deserialize<'de> for Unreadable {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        // Not where it is absent: that is asked once, when the toolset is made.
        u8::deserialize(value).map(|_| panic!("on purpose"))
    }
}

struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("on purpose")
    }
}

impl fmt::Debug for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("on purpose")
    }
}

impl std::error::Error for Unspeakable {}

/// Is refused when it is read, with a reason that panics.
#[derive(Debug, JsonSchema)]
struct Refused;

impl<'de> Deserialize<'de> for Refused {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        u8::deserialize(value)?;
        Err(serde::de::Error::custom(Unspeakable))
    }
}

/// Panics when it is dropped, also as the payload of a panic.
#[derive(Debug, Deserialize, JsonSchema)]
struct Bomb {}

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("on purpose")
    }
}

/// Panics when it is dropped, with a payload that does so too.
struct NestedBomb;

impl Drop for NestedBomb {
    fn drop(&mut self) {
        panic_any(Bomb {})
    }
}

/// Panic while the argument is read.
#[tool(read)]
async fn in_deserialize(value: Unreadable) {
    _ = value;
}

/// Panic while the fault of the argument is shown.
#[tool(read)]
async fn in_error(value: Refused) {
    _ = value;
}

/// Panic while the argument is dropped.
#[tool(read)]
async fn in_drop(value: Bomb) {
    drop(value);
}

/// Panic while the first argument is dropped because the second one does not fit.
#[tool(read)]
async fn in_drop_beside_a_fault(value: Bomb, wrong: u8) {
    drop((value, wrong));
}

/// The same where nothing is claimed, and the arguments are read elsewhere.
#[tool(pure)]
async fn pure_deserialize(value: Unreadable) {
    _ = value;
}

/// The same where nothing is claimed.
#[tool(pure)]
async fn pure_error(value: Refused) {
    _ = value;
}

/// The same where nothing is claimed.
#[tool(pure)]
async fn pure_drop(value: Bomb) {
    drop(value);
}

/// Be good.
#[tool(read)]
async fn good() -> &'static str {
    tokio::time::sleep(ms(1)).await;
    "good"
}

/// Delete.
#[tool(destructive)]
async fn delete() -> &'static str {
    "deleted"
}

const NAMES: [&str; 6] =
    ["in_deserialize", "in_error", "in_drop", "pure_deserialize", "pure_error", "pure_drop"];

fn toolset() -> Toolset {
    tools![
        good,
        in_deserialize,
        in_drop,
        in_drop_beside_a_fault,
        in_error,
        pure_deserialize,
        pure_drop,
        pure_error
    ]
    .into()
}

fn arguments(name: &str) -> &'static str {
    match name {
        "good" | "delete" => "{}",
        "in_drop" | "pure_drop" => r#"{"value":{}}"#,
        "in_drop_beside_a_fault" => r#"{"value":{},"wrong":"text"}"#,
        _ => r#"{"value":1}"#,
    }
}

fn calls(names: &[&str]) -> Response {
    names.iter().fold(Response::new(), |response, name| response.call(*name, arguments(name)))
}

/// Row 8: "with a policy, a panic in `Deserialize`, in an error's `Display` or an argument's `Drop` leaves
/// `run`".
#[tokio::test(start_paused = true)]
async fn with_a_policy_a_panic_of_an_argument_is_the_result_of_its_call() {
    count_panics();
    let policies: [fn(&PendingCall) -> Decision; 3] =
        [|_| Decision::Allow, |_| Decision::deny("no"), |_| Decision::Ask];
    for (at, policy) in policies.into_iter().enumerate() {
        for name in NAMES {
            let agent = Agent::new(once(calls(&["good", name, "good"]))).tools(toolset());
            let agent = agent.policy(policy).approve(|_| async { Decision::Allow });
            let outcome = soon(agent.run("go")).await.unwrap();
            let transcript = outcome.transcript();
            saved(transcript);
            let bad = transcript.results().nth(1).unwrap();
            assert!(bad.is_error(), "{name}, policy {at}: {}", bad.text());
            if at != 1 {
                assert_eq!(
                    (texts(transcript)[0], texts(transcript)[2]),
                    ("good", "good"),
                    "{name}"
                );
            }
            assert_eq!(outcome.text(), "done", "{name}, policy {at}");
        }
    }
}

/// Row 8, where a fault is looked for in a second reading, so that two values panic when they are dropped:
/// one of them while the other unwinds would end the process.
#[tokio::test(start_paused = true)]
async fn two_arguments_that_panic_in_drop_do_not_end_the_process() {
    count_panics();
    for has_policy in [false, true] {
        let agent = Agent::new(once(calls(&["good", "in_drop_beside_a_fault"]))).tools(toolset());
        let agent = if has_policy { agent.policy(|_| Decision::Allow) } else { agent };
        let outcome = soon(agent.run("go")).await.unwrap();
        assert_eq!(statuses(outcome.transcript()), [Completed, Failed]);
    }
}

/// Row 8, where the call starts eagerly, with and without a policy.
#[tokio::test(start_paused = true)]
async fn a_panic_of_an_argument_of_an_eager_call_is_its_result() {
    count_panics();
    for name in NAMES {
        for has_policy in [false, true] {
            let script = Script::new().call("good", "{}").call(name, arguments(name));
            let script = script.with_text("so").after(20).end();
            let agent = Agent::new(Streamed::new([script])).tools(toolset());
            let agent = if has_policy { agent.policy(|_| Decision::Allow) } else { agent };
            let outcome = soon(agent.run("go")).await.unwrap();
            assert_eq!(statuses(outcome.transcript()), [Completed, Failed], "{name}");
        }
    }
}

/// Row 8: "a panic whose payload panics on drop defeats 'a panic is a denial'".
#[tokio::test(start_paused = true)]
async fn a_panic_with_a_bomb_is_a_denial_by_policy_and_approver() {
    count_panics();
    let run = |agent: Agent| async move {
        let outcome =
            soon(agent.tools(toolset().and(tools![delete]).unwrap()).run("go")).await.unwrap();
        let texts = texts(outcome.transcript());
        assert!(texts[0].starts_with("denied"), "{texts:?}");
        assert_eq!(texts[1], "good");
    };
    let agent = || Agent::new(once(calls(&["delete", "good"])));
    let deletes = |call: &PendingCall| call.name() == "delete";
    run(agent()
        .policy(move |call| if deletes(call) { panic_any(Bomb {}) } else { Decision::Allow }))
    .await;
    run(agent()
        .policy(move |call| if deletes(call) { panic_any(NestedBomb) } else { Decision::Allow }))
    .await;
    // In the approver itself, and in the future that it returns.
    run(agent().approve(|_| -> std::future::Ready<Decision> { panic_any(Bomb {}) })).await;
    run(agent().approve(|_| async { panic_any(Bomb {}) })).await;
    run(agent().approve(|_| async { panic_any(NestedBomb) })).await;
    run(agent().approve(|_| async {
        tokio::time::sleep(ms(5)).await;
        panic_any(NestedBomb)
    }))
    .await;
}

/// Row 8, for what a decision leaves behind: a future that panics when it is dropped with its run.
#[tokio::test(start_paused = true)]
async fn an_approver_that_panics_when_it_is_dropped_does_not_leave_a_cancel() {
    count_panics();
    let tools = toolset().and(tools![delete]).unwrap();
    let agent = Agent::new(once(calls(&["delete", "good"]))).tools(tools);
    let agent = agent.approve(|_| async {
        let _bomb = Bomb {};
        std::future::pending().await
    });
    let run = agent.run("go").cancel_on(tokio::time::sleep(ms(50)));
    let outcome = soon(run).await.unwrap();
    assert_eq!(outcome.transcript().results().count(), 2);
}

/// Row 8: claims of a dynamic tool are user code too.
#[tokio::test(start_paused = true)]
async fn a_function_of_claims_that_panics_with_a_bomb_is_the_result_of_its_call() {
    count_panics();
    let tool =
        DynamicTool::new("odd", "Odd.", json!({"type": "object"}), Access::Write, |_, _| async {
            Ok::<_, String>("ran")
        })
        .claims(|_, _| panic_any(Bomb {}));
    let tools = toolset().and(tool).unwrap();
    for has_policy in [false, true] {
        let agent = Agent::new(once(calls(&["good"]).call("odd", "{}"))).tools(tools.clone());
        let agent = if has_policy { agent.policy(|_| Decision::Allow) } else { agent };
        let outcome = soon(agent.run("go")).await.unwrap();
        assert_eq!(statuses(outcome.transcript()), [Completed, Failed]);
    }
}

/// End the run with an error that cannot be shown.
#[tool(read)]
async fn fatal() -> Result<(), ToolError> {
    Err(ToolError::fatal(Unspeakable))
}

/// Row 8: "a fatal error whose `Display` panics is no longer fatal".
#[tokio::test(start_paused = true)]
async fn a_fatal_error_that_cannot_be_shown_is_fatal() {
    count_panics();
    for eager in [false, true] {
        let script =
            Script::new().call("good", "{}").call("fatal", "{}").with_text("so").after(20).end();
        let model = if eager { Streamed::new([script]) } else { Streamed::quiet([script]) };
        let agent = Agent::new(model).tools(toolset().and(tools![fatal]).unwrap());
        let error = soon(agent.run("go")).await.unwrap_err();
        assert!(matches!(error.kind(), RunErrorKind::Fatal { .. }), "eager {eager}");
        assert_eq!(error.transcript().results().count(), 2);
    }
}

#[derive(Clone, Default)]
struct Written(Arc<AtomicUsize>);

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.fetch_add(1, SeqCst);
        let mut list = serializer.serialize_seq(Some(1))?;
        list.serialize_element("written")?;
        list.end()
    }
}

/// Return what counts how often it is serialised.
#[tool(read)]
async fn count_writes(written: &Written) -> Written {
    written.clone()
}

/// The same on a thread.
#[tool(read)]
fn count_writes_on_a_thread(written: &Written) -> Written {
    written.clone()
}

/// Row 8: "`Serialize` runs twice".
#[tokio::test]
async fn a_result_is_serialised_once() {
    for name in ["count_writes", "count_writes_on_a_thread"] {
        for has_policy in [false, true] {
            let written = Written::default();
            let tools = tools![count_writes, count_writes_on_a_thread].with_state(written.clone());
            let agent = Agent::new(once(calls(&[]).call(name, "{}"))).tools(tools.clone());
            let agent = if has_policy { agent.policy(|_| Decision::Allow) } else { agent };
            let outcome = agent.limits(Limits::default()).run("go").await.unwrap();
            assert_eq!(super::only(&outcome), r#"["written"]"#);
            assert_eq!(written.0.load(SeqCst), 1, "{name}");
            tools.call(name, "{}").await;
            assert_eq!(written.0.load(SeqCst), 2, "{name}, by hand");
        }
    }
}
