//! An exclusive claim makes a call a write, whatever else its tool declares: "an exclusive claim makes the
//! call a write for eager start, replay, policy, results' words".

use agent_core::{
    Access, Agent, CallStatus, Decision, DynamicTool, Limits, Lock, Response, RunEnd, State,
    Toolset, tool, tools,
};
use agent_tests::support::diary::assert_quiet;
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::watched::watched;
use agent_tests::support::{ms, once, spans, statuses, texts};
use serde_json::json;
use std::sync::{Arc, Mutex};
use tokio::time::sleep;

#[derive(Default)]
struct Log(Vec<String>);

#[derive(State, Default)]
struct App {
    #[lend(mut Log)]
    log: Lock<Log>,
}

/// Note the first line of a file.
#[tool(read(file = path))]
async fn note_file(log: &mut Log, path: String) -> usize {
    sleep(ms(5)).await;
    log.0.push(path);
    log.0.len()
}

/// Note a row of a table.
#[tool(read("table"))]
async fn note_row(log: &mut Log, path: String) -> usize {
    sleep(ms(5)).await;
    log.0.push(path);
    log.0.len()
}

/// What was noted.
#[tool(pure)]
async fn noted(log: &Log) -> Vec<String> {
    log.0.clone()
}

/// Note, and never return.
#[tool(read(file = path), timeout = "10ms")]
async fn note_slowly(log: &mut Log, path: String) {
    log.0.push(path);
    std::future::pending::<()>().await;
}

fn toolset() -> Toolset {
    tools![note_file, note_row, note_slowly, noted].with_state(App::default())
}

async fn log_of(tools: &Toolset) -> String {
    tools.call("noted", "{}").await.text().to_owned()
}

fn path(name: &str) -> String {
    json!({ "path": name }).to_string()
}

/// Row 1: "`read(file = path)` or `read("x")` beside `&mut T` starts eagerly".
#[tokio::test(start_paused = true)]
async fn a_read_that_changes_state_does_not_start_before_its_response_has_ended() {
    for tool in ["note_file", "note_row"] {
        let script = Script::new().call(tool, path("a")).with_text("so").after(100).end();
        let agent = Agent::new(Streamed::new([script])).tools(toolset());
        let outcome = agent.run("go").await.unwrap();
        assert_eq!(spans(&outcome), [(100, 105)], "{tool}");
    }
}

/// Row 1: "after a failed stream the state was written twice", with the same call and with another one.
#[tokio::test(start_paused = true)]
async fn state_is_written_once_although_the_model_was_asked_twice() {
    for tool in ["note_file", "note_row"] {
        for second in ["a", "b"] {
            let tools = toolset();
            let broken =
                Script::new().call(tool, path("a")).with_text("so").after(50).breaks_for(10);
            let good = Script::new().call(tool, path(second)).end();
            let agent = Agent::new(Streamed::new([broken, good])).tools(tools.clone());
            let outcome = agent.run("go").await.unwrap();
            assert_eq!(texts(outcome.transcript()), ["1"], "{tool}, then {second}");
            assert_eq!(log_of(&tools).await, json!([second]).to_string(), "{tool}");
        }
    }
}

/// Row 1, where the run fails: a response that never ended well has changed nothing.
#[tokio::test(start_paused = true)]
async fn state_is_not_written_for_an_answer_that_breaks_for_good() {
    for tool in ["note_file", "note_row"] {
        let tools = toolset();
        let broken = Script::new().call(tool, path("a")).with_text("so").after(50).breaks();
        let agent = Agent::new(Streamed::new([broken])).tools(tools.clone());
        agent.limits(Limits::default().with_retries(0)).run("go").await.unwrap_err();
        assert_eq!(log_of(&tools).await, "[]", "{tool}");
    }
}

/// Row 1, beside a call that does start eagerly: it is not held up, and its result is taken over.
#[tokio::test(start_paused = true)]
async fn beside_it_a_plain_read_is_eager_and_replayed() {
    let diary = agent_tests::support::diary::Diary::new();
    let tools = toolset().and(diary.tools()).unwrap();
    let calls = || {
        let peek = r#"{"path":"z","ms":5}"#;
        Script::new().call("peek", peek).call("note_file", path("a"))
    };
    let scripts = [calls().with_text("so").after(50).breaks_for(10), calls().end()];
    let seen = watched(Agent::new(Streamed::new(scripts)).tools(tools.clone()).stream("go")).await;
    assert_eq!(seen.end(), "Done");
    assert_eq!((diary.count("peek z begins"), diary.when("peek z begins")), (1, Some(0)));
    assert_eq!(log_of(&tools).await, r#"["a"]"#);
    assert_quiet(&diary).await;
}

/// Row 1: "policy".
#[tokio::test(start_paused = true)]
async fn a_policy_sees_a_write() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let accesses = seen.clone();
    let calls = Response::new()
        .call("note_file", path("a"))
        .call("note_row", path("a"))
        .call("noted", "{}");
    let agent = Agent::new(once(calls)).tools(toolset()).policy(move |call| {
        accesses.lock().unwrap().push(call.access());
        match call.access() {
            Access::Write => Decision::deny("nothing is written here"),
            _ => Decision::Allow,
        }
    });
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [Access::Write, Access::Write, Access::Pure]);
    assert_eq!(texts(outcome.transcript())[2], "[]");
}

/// Row 1: "results' words", at a timeout and at a cancel.
#[tokio::test(start_paused = true)]
async fn a_stopped_call_that_changes_state_may_have_taken_effect() {
    let calls = Response::new().call("note_slowly", path("a"));
    let agent = Agent::new(once(calls.clone())).tools(toolset());
    let outcome = agent.run("go").await.unwrap();
    let timed_out = super::only(&outcome);
    assert!(timed_out.contains("may have taken effect"), "{timed_out}");

    let limits = Limits::default().with_grace(ms(1));
    let agent = Agent::new(once(calls)).tools(toolset()).limits(limits);
    let outcome = agent.run("go").cancel_on(sleep(ms(5))).await.unwrap();
    assert_eq!(outcome.end(), &RunEnd::Cancelled);
    let stopped = super::only(&outcome);
    assert!(stopped.contains("may have taken effect"), "{stopped}");
}

/// Row 1, for a tool known at run time: what its claims write beyond its declaration is refused, so nothing
/// that writes is eager or replayed.
#[tokio::test(start_paused = true)]
async fn a_dynamic_tool_whose_claims_write_more_than_it_declares_never_runs() {
    for access in [Access::Pure, Access::Read] {
        let written = Arc::new(Mutex::new(0));
        let count = written.clone();
        let schema = json!({"type": "object", "properties": {"path": {"type": "string"}}});
        let tool = DynamicTool::new("put", "Put something.", schema, access, move |_, _| {
            let count = count.clone();
            async move {
                *count.lock().unwrap() += 1;
                Ok::<_, String>("put")
            }
        })
        .claims(|arguments, claims| {
            claims.write_key("slot", arguments["path"].as_str().unwrap_or_default());
        });
        let scripts = [
            Script::new().call("put", path("a")).with_text("so").after(50).breaks_for(10),
            Script::new().call("put", path("b")).end(),
        ];
        let tools = Toolset::default().and(tool).unwrap();
        let outcome = Agent::new(Streamed::new(scripts)).tools(tools).run("go").await.unwrap();
        assert_ne!(statuses(outcome.transcript()), [CallStatus::Completed], "{access:?}");
        assert_eq!(*written.lock().unwrap(), 0, "{access:?}");
    }
}
