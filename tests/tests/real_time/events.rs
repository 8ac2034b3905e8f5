//! Calls on other threads that emit events without a pause.

use agent_core::{Agent, EventKind, ToolContext, tool, tools};
use agent_tests::support::ms;
use agent_tests::support::streamed::{Script, Streamed};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

use super::say;

static SPAM: AtomicU64 = AtomicU64::new(0);

/// Tell how far it is without a pause, until it is stopped.
#[tool(read)]
fn spam(call: ToolContext) -> u64 {
    while !call.is_cancelled() {
        call.progress("x");
        SPAM.fetch_add(1, SeqCst);
    }
    0
}

/// Calls on other threads tell more all the time, and the watcher still gets its turns, and the cancel.
#[test]
fn calls_that_tell_without_a_pause_hold_neither_the_watcher_nor_a_cancel_up() {
    let threads = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    told_without_a_pause(&threads);
    told_without_a_pause(&Builder::new_current_thread().enable_time().build().unwrap());
}

fn told_without_a_pause(runtime: &Runtime) {
    runtime.block_on(async {
        for early in [false, true] {
            let calls = || Script::new().call("spam", "{}").call("spam", "{}");
            let script =
                if early { calls().with_text("so").after(60_000).end() } else { calls().end() };
            let agent = Agent::new(Streamed::new([script])).tools(tools![spam]);
            let began = Instant::now();
            let mut run = agent.run("go").cancel_on(sleep(ms(300))).stream();
            let (mut events, mut at_once, mut most) = (0_u64, 0_u64, 0);
            loop {
                let before = Instant::now();
                let Some(event) = run.next().await else { break };
                events += u64::from(matches!(event.kind, EventKind::CallProgress { .. }));
                // What is there already takes no time.
                let is_there = before.elapsed() < Duration::from_micros(2);
                at_once = if is_there { at_once + 1 } else { 0 };
                most = most.max(at_once);
            }
            let took = began.elapsed();
            assert!(took < Duration::from_secs(10), "early {early}: {took:?}, {events} events");
            let words = SPAM.load(SeqCst);
            say(&format!("early {early}: {words} words, {events} events, {most} of them at once"));
        }
    });
}
