//! Who decides over calls before they run.

use agent_core::{
    Access, Agent, CallStatus, Decision, DynamicTool, Lock, PendingCall, Response, RunErrorKind,
    ScriptedModel, Toolset, WaitedFor, tool, tools,
};
use serde_json::json;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tokio::time::sleep;

use agent_tests::support::{ms, once, spans, statuses, texts};

#[derive(Default)]
struct Deleted(AtomicU32);

/// Delete a file.
#[tool(destructive, write(file = path))]
async fn delete(deleted: &Deleted, path: PathBuf) -> String {
    sleep(ms(10)).await;
    deleted.0.fetch_add(1, SeqCst);
    format!("{} is gone", path.display())
}

/// Read a file.
#[tool(read(file = path))]
async fn read(path: PathBuf) -> String {
    sleep(ms(10)).await;
    path.display().to_string()
}

/// Count for a while.
#[tool(read)]
async fn count(number: &mut u32) -> u32 {
    *number += 1;
    sleep(ms(10)).await;
    *number
}

fn toolset() -> (Toolset, Arc<Deleted>) {
    let deleted = Arc::new(Deleted::default());
    let tools = tools![delete, read].with_state_arc(deleted.clone());
    (tools.and(tools![count].with_state(Lock::new(0_u32))).unwrap(), deleted)
}

/// A response from a list such as `delete a, read b, count`.
fn calls(list: &str) -> Response {
    list.split(", ").fold(Response::new(), |response, call| match call.split_once(' ') {
        Some((name, path)) => response.call(name, json!({ "path": path }).to_string()),
        None => response.call(call, "{}"),
    })
}

fn agent(list: &str, tools: Toolset) -> Agent {
    Agent::new(once(calls(list))).tools(tools)
}

#[tokio::test(start_paused = true)]
async fn a_human_holds_back_only_what_conflicts_with_the_call() {
    let (tools, deleted) = toolset();
    let agent =
        agent("read a, delete a, read a, read b, count", tools).approve(|call| async move {
            assert_eq!(call.to_string(), r#"delete({"path":"a"})"#);
            assert!(call.is_destructive() && call.access() == Access::Write);
            assert_eq!((call.id(), call.name()), ("call_2", "delete"));
            sleep(ms(500)).await;
            Decision::Allow
        });
    let outcome = agent.run("go").await.unwrap();
    // What says nothing may read what is deleted.
    assert_eq!(spans(&outcome), [(0, 10), (500, 510), (510, 520), (0, 10), (510, 520)]);
    assert_eq!(texts(outcome.transcript()), ["a", "a is gone", "a", "b", "1"]);
    let timeline = outcome.timeline();
    assert_eq!(timeline.calls()[1].waited_for, Some(WaitedFor::Approval));
    assert_eq!(timeline.calls()[2].waited_for, Some(WaitedFor::Call(2)));
    assert!(timeline.to_string().contains("waited 500 ms for approval"), "{timeline}");
    assert_eq!(deleted.0.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_a_human_claims_nothing() {
    let (tools, _) = toolset();
    let waits = agent("delete a", tools.clone()).approve(|_| async {
        sleep(ms(500)).await;
        Decision::Allow
    });
    let other = agent("read a, count", tools).approve(|_| async { Decision::Allow });
    let (waits, other) = tokio::join!(waits.run("go"), other.run("go"));
    assert_eq!(spans(&other.unwrap()), [(0, 10), (0, 10)]);
    assert_eq!(spans(&waits.unwrap()), [(500, 510)]);
}

#[tokio::test(start_paused = true)]
async fn several_are_asked_together_and_answered_in_any_order() {
    let (tools, deleted) = toolset();
    let agent = agent("delete a, delete b, delete a, read c", tools).approve(
        |call: PendingCall| async move {
            let (wait, decision) = match (call.id(), call.arguments()["path"].as_str()) {
                ("call_1", _) => (300, Decision::deny("keep a")),
                ("call_2", Some("b")) => (100, Decision::Allow),
                ("call_3", _) => (200, Decision::Allow),
                other => panic!("{other:?}"),
            };
            sleep(ms(wait)).await;
            decision
        },
    );
    let outcome = agent.run("go").await.unwrap();
    // The third was allowed at 200, and must not overtake the first.
    let told = ["denied: keep a", "b is gone", "a is gone", "c"];
    assert_eq!(texts(outcome.transcript()), told);
    let timeline = outcome.timeline();
    let ends: Vec<_> = timeline.calls().iter().map(|call| call.ended).collect();
    assert_eq!(ends, [300, 110, 310, 10].map(ms));
    assert_eq!(statuses(outcome.transcript())[0], CallStatus::NotRun);
    assert_eq!(deleted.0.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn without_somebody_to_ask_a_destructive_tool_is_an_error_before_anything_is_sent() {
    let asked = Arc::new(AtomicU32::new(0));
    let counted = asked.clone();
    let model = ScriptedModel::new().turn(move |_| {
        counted.fetch_add(1, SeqCst);
        Response::new()
    });
    let error = Agent::new(model).tools(toolset().0).run("go").await.unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::NoApprover { tool } if &**tool == "delete"));
    assert_eq!(
        error.to_string(),
        "the tool `delete` is destructive: say who decides, with `Agent::approve` or `Agent::policy`"
    );
    assert!(error.transcript().is_empty());
    assert_eq!(asked.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_policy_decides_over_all_calls_that_can_be_read() {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let notes = seen.clone();
    let (tools, deleted) = toolset();
    let response = calls("read a, delete b, read etc, delete c").call("read", r#"{"pat":1}"#);
    let agent = Agent::new(once(response)).tools(tools).policy(move |call: &PendingCall| {
        notes.lock().unwrap().push(call.to_string());
        match call.arguments()["path"].as_str() {
            Some("etc") => Decision::deny("not there"),
            Some("c") => Decision::Ask,
            _ => Decision::Allow,
        }
    });
    let outcome = agent.run("go").await.unwrap();
    let told = texts(outcome.transcript());
    assert_eq!(
        told[..4],
        ["a", "b is gone", "denied: not there", "denied: there is no approver to ask"]
    );
    assert!(told[4].starts_with("invalid arguments"), "{}", told[4]);
    assert_eq!(seen.lock().unwrap().len(), 4);
    assert_eq!(deleted.0.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_those_who_decide_is_a_no() {
    let (tools, deleted) = toolset();
    let asked = agent("delete a, read b", tools.clone()).approve(|_| async { panic!("no") });
    let outcome = asked.run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["denied: the approver panicked", "b"]);
    let decided = agent("delete a, read b", tools).policy(|call| match call.name() {
        "read" => Decision::Allow,
        _ => panic!("no"),
    });
    let outcome = decided.run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["denied: the policy panicked", "b"]);
    assert_eq!(deleted.0.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_while_somebody_is_asked_runs_nothing_later() {
    let (tools, deleted) = toolset();
    let agent = agent("delete a, read a, read b", tools.clone()).approve(|_| async {
        sleep(ms(100)).await;
        Decision::Allow
    });
    let mut chat = agent.conversation(agent_core::Transcript::default());
    assert!(tokio::time::timeout(ms(50), chat.send("go")).await.is_err());
    sleep(ms(1000)).await;
    assert_eq!(deleted.0.load(SeqCst), 0);
    let told = "not run: the run was dropped";
    assert_eq!(texts(chat.transcript()), [told, told, "b"]);
    // Nothing of it is left in the ledger.
    let after = Agent::new(once(calls("read a"))).tools(tools).policy(|_| Decision::Allow);
    assert_eq!(after.run("go").await.unwrap().elapsed(), ms(10));
}

#[tokio::test(start_paused = true)]
async fn one_by_one_a_decision_holds_back_all_that_follows() {
    let (tools, _) = toolset();
    let agent =
        agent("delete a, read b", tools).parallel_tool_calls(agent_core::ParallelToolCalls::Never);
    let agent = agent.approve(|_| async {
        sleep(ms(100)).await;
        Decision::Allow
    });
    assert_eq!(spans(&agent.run("go").await.unwrap()), [(100, 110), (110, 120)]);
}

#[tokio::test(start_paused = true)]
async fn a_tool_known_at_run_time_may_be_destructive() {
    let schema = json!({"type": "object", "properties": {}});
    let wipe = DynamicTool::new("wipe", "Wipe all.", schema, Access::Read, |_, _| async {
        Ok::<_, String>("wiped")
    });
    let toolset = Toolset::default().and(wipe.destructive()).unwrap();
    assert_eq!(toolset.access("wipe"), Some(Access::Write));
    let agent = Agent::new(once(calls("wipe"))).tools(toolset);
    let outcome = agent.approve(|_| async { Decision::deny("") }).run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["denied"]);
}

/// Halve a number.
#[tool(pure, inline)]
fn halve(number: u32) -> u32 {
    number / 2
}

#[tokio::test(start_paused = true)]
async fn a_policy_is_not_asked_about_a_pure_call_whose_arguments_do_not_fit() {
    let response = Response::new()
        .call("halve", r#"{"number": 4}"#)
        .call("halve", r#"{"number": "four"}"#)
        .call("halve", "{}");
    let seen = Arc::<AtomicU32>::default();
    let asked = seen.clone();
    let agent = Agent::new(once(response)).tools(tools![halve]).policy(move |_: &PendingCall| {
        asked.fetch_add(1, SeqCst);
        Decision::Allow
    });
    let outcome = agent.run("go").await.unwrap();
    let told = texts(outcome.transcript());
    assert_eq!(told[0], "2");
    assert!(told[1].starts_with("invalid arguments: `number`"), "{}", told[1]);
    assert!(told[2].starts_with("invalid arguments: `number`: missing"), "{}", told[2]);
    assert_eq!(seen.load(SeqCst), 1);
}
