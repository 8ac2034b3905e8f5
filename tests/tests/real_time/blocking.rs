//! Bodies on threads, which nobody can interrupt.

use agent_core::CallStatus::{Completed, Interrupted, NotRun};
use agent_core::{Agent, Limits, Response, RunEnd, ToolContext, tool, tools};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};
use tokio::time::sleep;

use agent_tests::support::{ms, once, saved, statuses, texts};

#[derive(Default)]
struct Ends(AtomicUsize);

/// Write, whatever happens.
#[tool(write("disk"))]
fn stubborn(ends: &Ends) {
    thread::sleep(ms(1500));
    ends.0.fetch_add(1, SeqCst);
}

/// Write until nobody waits any more.
#[tool(write("line"))]
fn attentive(call: ToolContext) -> &'static str {
    while !call.is_cancelled() {
        thread::sleep(ms(1));
    }
    "stopped in good order"
}

/// Read the disk.
#[tool(read("disk"), inline)]
fn inspect() {}

#[tokio::test]
async fn a_body_on_a_thread_is_told_and_waited_for_no_longer_than_the_grace_period() {
    let ends = Arc::new(Ends::default());
    let tools = tools![stubborn, attentive, inspect].with_state_arc(ends.clone());
    let calls =
        Response::new().call("stubborn", "{}").call("attentive", "{}").call("inspect", "{}");
    let agent = Agent::new(once(calls)).tools(tools.clone());
    let agent = agent.limits(Limits::default().with_grace(ms(200)));
    let began = Instant::now();
    let outcome = agent.run("go").cancel_on(sleep(ms(100))).await.unwrap();
    let took = began.elapsed();
    assert!(took >= ms(300) && took < ms(1400), "{took:?}");
    assert_eq!(outcome.end(), &RunEnd::Cancelled);
    assert_eq!(statuses(outcome.transcript()), [Interrupted, Completed, NotRun]);
    assert_eq!(
        texts(outcome.transcript()),
        [
            "interrupted while running; it may have taken effect",
            "stopped in good order",
            "not run: the run was cancelled",
        ]
    );
    saved(outcome.transcript());
    // It keeps what it claims until it ends.
    assert_eq!(ends.0.load(SeqCst), 0);
    tools.call("inspect", "{}").await;
    assert_eq!(ends.0.load(SeqCst), 1);
    assert!(began.elapsed() >= Duration::from_millis(1500));
}
