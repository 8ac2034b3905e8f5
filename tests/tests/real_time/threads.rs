//! Bodies on threads run at the same time, and keep what they claim until they return.

use agent_core::CallStatus::{Completed, TimedOut};
use agent_core::{Agent, Response, ToolContext, tool, tools};
use agent_tests::support::{ms, once, plan, statuses, texts};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

static HERE: AtomicUsize = AtomicUsize::new(0);

/// Wait until four are here.
#[tool(read)]
fn meet() -> bool {
    HERE.fetch_add(1, Ordering::SeqCst);
    let until = Instant::now() + Duration::from_secs(10);
    while HERE.load(Ordering::SeqCst) < 4 && Instant::now() < until {
        thread::sleep(ms(1));
    }
    HERE.load(Ordering::SeqCst) >= 4
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn blocking_bodies_run_at_the_same_time() {
    let four = (0..4).fold(Response::new(), |response, _| response.call("meet", "{}"));
    let outcome = Agent::new(once(four)).tools(tools![meet]).run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["true"; 4]);
}

static STUCK_UNTIL_THE_END: AtomicUsize = AtomicUsize::new(0);

/// Stay longer than allowed.
#[tool(write, timeout = "50ms")]
fn overstay(ctx: ToolContext) {
    while !ctx.is_cancelled() {
        thread::sleep(ms(1));
    }
    thread::sleep(ms(800));
    STUCK_UNTIL_THE_END.store(1, Ordering::SeqCst);
}

/// Whether the one before has ended.
#[tool(read)]
fn is_over() -> usize {
    STUCK_UNTIL_THE_END.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocking_body_that_outlives_its_timeout_keeps_its_claims_until_it_ends() {
    let two = Response::new().call("overstay", "{}").call("is_over", "{}");
    let agent = Agent::new(once(two)).tools(tools![overstay, is_over]);
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [TimedOut, Completed]);
    assert_eq!(texts(outcome.transcript())[1], "1");
    let timeline = outcome.timeline();
    let answered = timeline.calls()[0].ended;
    assert!(answered < ms(750), "the late call is answered at its deadline, not at {answered:?}");
}

static LET_GO: AtomicUsize = AtomicUsize::new(0);

struct SlowToLetGo;

impl Drop for SlowToLetGo {
    fn drop(&mut self) {
        thread::sleep(ms(100));
        LET_GO.store(1, Ordering::SeqCst);
    }
}

/// Take some time to clean up.
#[tool(write, timeout = "20ms")]
async fn clean_up() {
    let _slow = SlowToLetGo;
    std::future::pending::<()>().await;
}

/// Whether the one before has let go.
#[tool(read)]
fn has_let_go() -> usize {
    LET_GO.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_timed_out_lets_go_of_all_before_the_next_one_starts() {
    // Several, because a worker keeps the one that it spawned last to itself.
    let calls = Response::new().call("clean_up", "{}");
    let calls = (0..5).fold(calls, |calls, _| calls.call("has_let_go", "{}"));
    let agent = Agent::new(once(calls)).tools(tools![clean_up, has_let_go]);
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript())[1..], ["1"; 5]);
}

/// Block a thread.
#[tool(read)]
fn block(ms: u64) {
    thread::sleep(Duration::from_millis(ms));
}

/// google/adk-java#1152, anthropics/claude-code#14353: blocking tools ran one by one.
#[tokio::test]
async fn s13_blocking_bodies_run_together() {
    let agent = Agent::new(once(plan(&["block 200"; 10].join(", ")))).tools(tools![block]);
    let began = Instant::now();
    agent.run("go").await.unwrap();
    let took = began.elapsed();
    assert!(took >= ms(200) && took < ms(1500), "{took:?} instead of 200 ms; one by one 2 s");
}
