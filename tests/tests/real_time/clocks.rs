//! What is measured on a real clock, and work that takes no time on it.

use agent_core::CallStatus::{Completed, Interrupted};
use agent_core::{
    Agent, BoxFuture, Limits, Model, ModelError, Request, Response, RunEnd, tool, tools,
};
use agent_tests::support::diary::Diary;
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::{ms, once, plan, statuses};
use std::thread;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Look something up.
#[tool(read)]
async fn lookup(ms: u64) -> u64 {
    sleep(Duration::from_millis(ms)).await;
    ms
}

#[tokio::test]
async fn times_on_a_real_clock_are_in_order() {
    let began = Instant::now();
    let agent = Agent::new(once(plan("lookup 5, lookup 1"))).tools(tools![lookup]);
    let timeline = agent.run("go").await.unwrap().timeline();
    assert!(timeline.elapsed() <= began.elapsed());
    for call in timeline.calls() {
        assert!(call.queued <= call.started.unwrap() && call.started.unwrap() < call.ended);
    }
}

/// 128 reads of 120 KiB each, that differ in their last byte.
#[tokio::test(start_paused = true)]
async fn large_arguments_are_compared_in_no_time() {
    let diary = Diary::new();
    let calls = |script: Script| {
        (0..128).fold(script, |script, n| {
            let path = format!("{}{n}", "x".repeat(120 << 10));
            script.call("peek", format!(r#"{{"path":"{path}","ms":1}}"#))
        })
    };
    let first = calls(Script::new()).with_text("so").after(100).breaks_for(1000);
    // Said in another order, as a model may.
    let second = (0..128).rev().fold(Script::new(), |script, n| {
        let path = format!("{}{n}", "x".repeat(120 << 10));
        script.call("peek", format!(r#"{{"ms":1,"path":"{path}"}}"#))
    });
    let model = Streamed::new([first, second.with_text("so").end()]);
    let agent = Agent::new(model).tools(diary.tools());
    let began = Instant::now();
    let outcome = agent.run("go").await.unwrap();
    let took = began.elapsed();
    assert_eq!(statuses(outcome.transcript()), [Completed; 128]);
    assert_eq!(diary.len(), 256, "each was made once");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

/// Thinks on the thread of whoever asks.
struct Blocks;

impl Model for Blocks {
    fn ask<'a>(&'a self, _: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        thread::sleep(ms(20));
        Box::pin(std::future::ready(Ok(Response::new().call("no such tool", "{}"))))
    }
}

#[tokio::test]
async fn a_deadline_is_seen_between_turns_that_wait_for_nothing() {
    let limits = || Limits::default().with_turn_timeout(ms(10));
    for (run, turns) in [
        (Agent::new(Blocks).run("go").deadline(ms(50)), 3),
        (Agent::new(Blocks).limits(limits()).run("go"), 1),
    ] {
        let outcome = run.await.unwrap();
        assert_eq!(outcome.end(), &RunEnd::DeadlineExceeded);
        let made = outcome.transcript().responses().count();
        assert!((1..=turns).contains(&made), "{made} turns");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_with_a_thousand_calls_in_flight_is_little_work() {
    const MANY: usize = 1000;
    let script = (0..MANY).fold(Script::new(), |script, _| script.calls("look 600000"));
    let diary = Diary::new();
    let agent = Agent::new(Streamed::new([script.after(20).end()])).tools(diary.tools());
    let agent = agent.limits(Limits::default().with_calls(MANY));
    let began = Instant::now();
    let outcome = agent.run("go").cancel_on(sleep(ms(100))).await.unwrap();
    let took = began.elapsed();
    assert_eq!(statuses(outcome.transcript()), [Interrupted; MANY]);
    assert!(took < Duration::from_secs(20), "{took:?}");
}

/// Write values.
#[tool(destructive, write(value = names))]
async fn write_all(names: Vec<String>) -> usize {
    names.len()
}

/// Read values.
#[tool(read(value = names))]
async fn read_all(names: Vec<String>) -> usize {
    names.len()
}

/// Issue 11, row 5: "60,000 names in a held write and 60,000 in a later read: 22 s on one poll, past a
/// deadline of 3 s".
#[tokio::test]
async fn many_keys_of_a_held_write_and_of_a_later_read_take_little_time() {
    let names = |prefix: &str| {
        let names: Vec<_> = (0..60_000).map(|n| format!("{prefix}{n}")).collect();
        serde_json::json!({ "names": names }).to_string()
    };
    let calls = Response::new().call("write_all", names("a")).call("read_all", names("b"));
    let agent = Agent::new(once(calls)).tools(tools![write_all, read_all]);
    let agent = agent.approve(|_| std::future::pending::<agent_core::Decision>());
    let began = Instant::now();
    let outcome = agent.run("go").deadline(Duration::from_secs(3)).await.unwrap();
    let took = began.elapsed();
    assert_eq!(outcome.transcript().results().count(), 2);
    assert!(took < Duration::from_secs(10), "{took:?}");
}

/// Issue 11, row 12: "`Response::call` is quadratic".
#[test]
fn a_response_of_very_many_calls_is_built_in_linear_time() {
    let built = |calls: usize| {
        let began = Instant::now();
        let response = (0..calls).fold(Response::new(), |all, _| all.call("look", "{}"));
        assert_eq!(response.calls().count(), calls);
        began.elapsed()
    };
    built(1000);
    let (small, large) = (built(2_000), built(32_000));
    assert!(
        large < small * 64 + Duration::from_millis(500),
        "{small:?}, sixteen times as many {large:?}"
    );
}
