//! Calls on the blocking pool: time in its queue is no running time, and they run at the same time.

use agent_core::CallStatus::{Completed, TimedOut};
use agent_core::{Agent, Limits, Response, tool, tools};
use agent_tests::support::{ms, once, statuses};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// Block a thread.
#[tool(pure, timeout = "120ms")]
fn block() {
    thread::sleep(ms(50));
}

/// Block a thread for too long.
#[tool(pure, timeout = "120ms")]
fn block_too_long() {
    thread::sleep(ms(400));
}

/// Block, as a plain function.
#[tool(pure)]
fn block_plainly() {
    thread::sleep(ms(100));
}

fn pools(threads: usize) -> [Runtime; 2] {
    let one = Builder::new_current_thread().enable_all().max_blocking_threads(threads).build();
    let two = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .max_blocking_threads(threads)
        .build();
    [one.unwrap(), two.unwrap()]
}

fn times(calls: usize, name: &str) -> Response {
    (0..calls).fold(Response::new(), |response, _| response.call(name, "{}"))
}

/// Issue 11, row 10: "6 of 8 blocking calls 'timed out' before a thread had taken them".
#[test]
fn no_call_times_out_before_a_thread_has_taken_it() {
    for runtime in pools(2) {
        let agent = Agent::new(once(times(8, "block"))).tools(tools![block]);
        let outcome = runtime.block_on(agent.run("go").into_future()).unwrap();
        assert_eq!(statuses(outcome.transcript()), [Completed; 8]);
    }
}

/// Row 10, behind bodies that outlive their timeouts: those times out, and what waited for their threads
/// does not.
#[test]
fn a_call_that_waits_for_the_thread_of_one_that_timed_out_has_its_whole_time() {
    for runtime in pools(2) {
        let calls = times(2, "block_too_long");
        let calls = (0..4).fold(calls, |calls, _| calls.call("block", "{}"));
        let agent = Agent::new(once(calls)).tools(tools![block, block_too_long]);
        let outcome = runtime.block_on(agent.run("go").into_future()).unwrap();
        let expected = [TimedOut, TimedOut, Completed, Completed, Completed, Completed];
        assert_eq!(statuses(outcome.transcript()), expected);
    }
}

/// Row 10, for a call that is stopped while it waits for a thread: it never began.
#[test]
fn a_call_that_is_stopped_before_a_thread_has_taken_it_has_not_run() {
    for runtime in pools(1) {
        let limits = Limits::default().with_grace(ms(1));
        let calls = times(1, "block_too_long").call("block", "{}");
        let agent = Agent::new(once(calls)).tools(tools![block, block_too_long]).limits(limits);
        let outcome = runtime.block_on(async { agent.run("go").deadline(ms(50)).await }).unwrap();
        let statuses = statuses(outcome.transcript());
        assert_eq!(statuses[1], agent_core::CallStatus::NotRun, "{statuses:?}");
    }
}

/// Issue 11, section 5: "`fn` tools run on the blocking pool".
#[test]
fn plain_functions_block_at_the_same_time() {
    for runtime in pools(8) {
        let agent = Agent::new(once(times(8, "block_plainly"))).tools(tools![block_plainly]);
        let began = Instant::now();
        let outcome = runtime.block_on(agent.run("go").into_future()).unwrap();
        let took = began.elapsed();
        assert_eq!(statuses(outcome.transcript()), [Completed; 8]);
        assert!(took < Duration::from_millis(600), "{took:?}; one by one it is 800 ms");
    }
}
