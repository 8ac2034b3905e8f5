//! Bodies on threads that outlive their timeout or their run.

use agent_core::CallStatus::{Completed, Failed, Interrupted, NotRun, TimedOut};
use agent_core::{
    Agent, Limits, Response, ScriptedModel, ToolError, Toolset, Transcript, WaitedFor, tool, tools,
};
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::{ms, once, plan, statuses, texts};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;
use tokio::time::sleep;

/// Save.
#[tool(write)]
async fn save(ms: u64) -> u64 {
    sleep(Duration::from_millis(ms)).await;
    ms
}

/// Give up.
#[tool(pure)]
fn die() -> Result<(), ToolError> {
    Err(ToolError::fatal("for good"))
}

/// Go on for a second after the end.
#[tool(pure)]
async fn linger() {
    struct Slow;
    impl Drop for Slow {
        fn drop(&mut self) {
            std::thread::sleep(Duration::from_millis(300));
        }
    }
    let _slow = Slow;
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_dropped_while_its_calls_let_go_says_what_ran() {
    let response = Response::new().call("linger", "{}").call("die", "{}");
    let agent = Agent::new(once(response)).tools(tools![linger, die]);
    let mut chat = agent.conversation(Transcript::default());
    _ = tokio::time::timeout(ms(100), chat.send("go")).await;
    assert_eq!(statuses(chat.transcript()), [Interrupted, Failed]);
}

/// Write on a thread until told otherwise.
#[tool(write, timeout = "50ms")]
fn outlive(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_for_a_call_of_an_earlier_turn_names_that_turn() {
    let model = ScriptedModel::new()
        .turn(|_| plan("outlive 400"))
        .turn(|_| plan("save 1"))
        .turn(|_| Response::new().with_text("done"));
    let outcome = Agent::new(model).tools(tools![outlive, save]).run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [TimedOut, Completed]);
    let timeline = outcome.timeline();
    let earlier = WaitedFor::Earlier { turn: 1, number: 1 };
    assert_eq!(timeline.calls()[1].waited_for, Some(earlier));
    assert!(timeline.to_string().contains("for #1 of turn 1"), "{timeline}");
}

/// Block a thread, in an async function.
#[tool(write, blocking, timeout = "50ms")]
async fn outlive_async(ms: u64) {
    sleep(Duration::from_millis(1)).await;
    std::thread::sleep(Duration::from_millis(ms));
}

/// Who waits for a body that outlived its timeout is answered after a while, and what it claimed is free
/// when that ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_behind_one_that_does_not_end_is_answered() {
    let limits = Limits::default().with_call_timeout(ms(60));
    let tools = Toolset::from(tools![outlive_async, save]);
    let on_it = |calls| Agent::new(once(plan(calls))).tools(tools.clone()).limits(limits.clone());
    let outcome = on_it("outlive_async 1500, save 1, save 1").run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [TimedOut, NotRun, NotRun]);
    let told = "not run: still busy with call #1 of this response, which was stopped and has not \
                ended; try again later";
    assert_eq!(texts(outcome.transcript())[1..], [told, told]);
    assert!(outcome.elapsed() < ms(1300), "{:?}", outcome.elapsed());
    assert_eq!(outcome.timeline().calls()[1].waited_for, Some(WaitedFor::Call(1)));

    let behind = on_it("save 1").run("go").await.unwrap();
    let told = texts(behind.transcript())[0].to_owned();
    assert!(told.contains("still busy with an earlier call"), "{told}");
    sleep(ms(1500)).await;
    let after = on_it("save 1").run("go").await.unwrap();
    assert_eq!(statuses(after.transcript()), [Completed]);
}

/// What the guide says of `blocking` on an async function.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocking_async_body_keeps_its_claims_after_its_timeout_too() {
    let agent = Agent::new(once(plan("outlive_async 300, save 1")));
    let outcome = agent.tools(tools![outlive_async, save]).run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [TimedOut, Completed]);
    let timeline = outcome.timeline();
    let save = &timeline.calls()[1];
    assert_eq!(save.waited_for, Some(WaitedFor::Call(1)));
    assert!(save.waited() >= ms(200), "{:?}", save.waited());
}

static RETURNED: AtomicBool = AtomicBool::new(false);

/// Do not return for a while.
#[tool(pure, timeout = "20ms")]
fn hang() {
    std::thread::sleep(ms(500));
    RETURNED.store(true, SeqCst);
}

#[tokio::test(flavor = "current_thread")]
async fn a_fn_that_times_out_is_answered_before_it_returns() {
    let response = Response::new().call("hang", "{}");
    let outcome = Agent::new(once(response)).tools(tools![hang]).run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [TimedOut]);
    assert!(!RETURNED.load(SeqCst));
}

/// It was shown as a call that waits for itself: the number of the failed answer's call.
#[tokio::test]
async fn a_call_that_waits_for_one_of_an_answer_that_failed_says_so() {
    let first = Script::new().call("scan", "{}").with_text("so").after(50).breaks_for(1);
    let second = Script::new().call("put", "{}").end();
    let agent = Agent::new(Streamed::new([first, second])).tools(tools![scan, put]);
    let timeline = agent.run("go").await.unwrap().timeline();
    assert_eq!(timeline.calls().len(), 1);
    assert_eq!(timeline.calls()[0].waited_for, Some(WaitedFor::FailedAnswer), "{timeline}");
}

/// Scan a disk, without a look at whether anybody waits.
#[tool(read("disk"))]
fn scan() {
    std::thread::sleep(ms(300));
}

/// Put something on a disk.
#[tool(write("disk"))]
fn put() {}
