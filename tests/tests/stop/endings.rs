//! Each call has an ending of its own, whatever ends the run, and a row in the timeline.

use agent_core::CallStatus::{Completed, Failed, Interrupted, NotRun};
use agent_core::{
    Agent, Response, RunEnd, RunErrorKind, ScriptedModel, ToolContext, ToolError, Toolset,
    Transcript, tool, tools,
};
use agent_tests::support::panics::count_panics;
use agent_tests::support::{ms, once, plan, statuses, texts};
use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;
use tokio::time::sleep;

/// Save.
#[tool(write)]
async fn save(ms: u64) -> u64 {
    sleep(Duration::from_millis(ms)).await;
    ms
}

/// Think about a long text.
#[tool(pure)]
async fn think(text: String) -> usize {
    sleep(Duration::from_millis(1)).await;
    text.len()
}

/// Give up.
#[tool(pure, inline)]
fn die() -> Result<(), ToolError> {
    Err(ToolError::fatal("for good"))
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_queued_at_the_drop_did_not_run() {
    let agent = Agent::new(once(plan("save 5, save 5"))).tools(tools![save]);
    let mut chat = agent.conversation(Transcript::default());
    let mut run = Box::pin(chat.send("go"));
    poll_fn(|cx| {
        assert!(run.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    // The first call has begun in the first poll of the run; the second one waits for it.
    drop(run);
    assert_eq!(statuses(chat.transcript()), [Interrupted, NotRun]);
    assert_eq!(texts(chat.transcript())[1], "not run: the run was dropped");
}

#[tokio::test(start_paused = true)]
async fn a_fatal_error_stops_the_admission_of_the_calls_after_it() {
    let large = format!(r#"{{"text":"{}"}}"#, "x".repeat(70_000));
    let response = (0..8).fold(Response::new().call("die", "{}"), |response, _| {
        response.call("think", large.as_str())
    });
    let error = Agent::new(once(response)).tools(tools![die, think]).run("go").await.unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Fatal { .. }));
    let statuses = statuses(error.transcript());
    assert_eq!((statuses.len(), statuses[0]), (9, Failed));
    assert!(!statuses.contains(&Completed), "{statuses:?}");
    assert_eq!(statuses[8], NotRun);
    assert_eq!(error.timeline().calls().len(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_model_that_fails_has_its_time_in_the_timeline() {
    let model = ScriptedModel::new().latency(ms(300)).turn(|_| Response::new().call("save", "{"));
    let error = Agent::new(model).tools(tools![save]).run("go").await.unwrap_err();
    let timeline = error.timeline();
    let turns: Vec<_> =
        timeline.turns().iter().map(|turn| turn.ended.saturating_sub(turn.started)).collect();
    assert_eq!(turns, [ms(300), ms(0)]);
    let text = format!("{error:?}");
    assert!(text.ends_with("the script has 1 turns, and turn 2 was asked for"), "{text}");
}

/// Write on a thread until told otherwise.
#[tool(write, timeout = "50ms")]
fn outlive(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

#[test]
fn a_blocking_call_without_a_thread_is_answered() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_stack_size(1 << 47)
        .build()
        .unwrap();
    count_panics();
    let outcome = runtime.block_on(async {
        let agent = Agent::new(once(plan("outlive 1"))).tools(tools![outlive]);
        tokio::time::timeout(Duration::from_secs(5), agent.run("go")).await
    });
    let outcome = outcome.expect("the run ends").unwrap();
    assert_eq!(texts(outcome.transcript()), ["there was no thread for the blocking tool"]);
    assert_eq!(statuses(outcome.transcript()), [Failed]);
}

/// Wait for ever.
#[tool(pure)]
async fn linger() {
    std::future::pending::<()>().await;
}

#[test]
fn a_call_of_no_run_that_waits_without_a_timer_is_answered() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    count_panics();
    let result = runtime.block_on(Toolset::from(tools![linger]).call("linger", "{}"));
    assert_eq!(result.text(), "the call has a timeout, and the runtime no timer");
}

/// The key of the call.
#[tool(pure, inline)]
fn key(call: ToolContext) -> String {
    call.key().to_owned()
}

#[tokio::test]
async fn keys_differ_between_calls_turns_and_runs() {
    let response = || Response::new().call("key", "{}").call("key", "{}");
    let model = ScriptedModel::new()
        .turn(move |_| response())
        .turn(move |_| response())
        .turn(|_| Response::new().with_text("done"));
    let agent = Agent::new(model).tools(tools![key]);
    let mut keys = HashSet::new();
    for _ in 0..2 {
        let outcome = agent.run("go").await.unwrap();
        keys.extend(texts(outcome.transcript()).into_iter().map(str::to_owned));
    }
    assert_eq!(keys.len(), 8);
    // The first part is drawn anew in each process.
    assert!(keys.iter().all(|key| !key.starts_with("0000000000000000")));
}

#[tokio::test]
async fn a_conversation_is_resumed_after_an_error_and_after_its_turns() {
    let model = ScriptedModel::new()
        .turn(|_| Response::new().call("key", "{}"))
        .turn(|request| Response::new().with_text(format!("{} result", request.results().len())));
    let agent = Agent::new(model).tools(tools![key]).max_turns(1);
    let mut chat = agent.conversation(Transcript::default());
    assert_eq!(chat.send("go").await.unwrap().end(), &RunEnd::MaxTurns);
    let outcome = chat.resume().await.unwrap();
    assert_eq!((outcome.text().as_str(), outcome.end()), ("1 result", &RunEnd::Done));
    assert_eq!(chat.transcript().messages().len(), 4);

    // The script is at its end, so this fails; what was said stays, once.
    chat.send("and now?").await.unwrap_err();
    chat.resume().await.unwrap_err();
    assert_eq!(chat.transcript().messages().len(), 5);
}
