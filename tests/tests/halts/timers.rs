//! Runtimes without a timer.

use agent_core::Status::{Completed, Interrupted};
use agent_core::{Agent, Limits, ModelErrorKind, Response, ScriptedModel, Stop, tool, tools};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::task::yield_now;

use crate::streamed::{Script, Streamed};
use crate::support::{once, saved, statuses, texts};

/// Wait for nothing.
#[tool(pure)]
fn fast() -> u8 {
    2
}

/// Write.
#[tool(write)]
fn note() -> u8 {
    3
}

fn without_a_timer<T>(what: impl Future<Output = T>) -> T {
    Builder::new_current_thread().build().unwrap().block_on(what)
}

async fn yields(times: usize) {
    for _ in 0..times {
        yield_now().await;
    }
}

#[test]
fn a_run_goes_without_a_timer_and_can_be_cancelled() {
    without_a_timer(async {
        let script = Script::new().call("fast", "{}").call("fast", "{}").end();
        let agent = Agent::new(Streamed::new([script])).tools(tools![fast]);
        let outcome = agent.run("go").await.unwrap();
        assert_eq!(texts(outcome.transcript()), ["2", "2"]);

        let agent = Agent::new(Streamed::new([Script::new().stalls()]));
        let outcome = agent.run("go").cancel_on(yields(5)).await.unwrap();
        assert_eq!(outcome.stop(), &Stop::Cancelled);
    });
}

/// Wait for ever, where nothing limits the time.
#[tool(pure)]
async fn wait() {
    std::future::pending::<()>().await;
}

#[test]
fn a_cancel_without_a_timer_gives_no_grace_and_returns() {
    without_a_timer(async {
        let calls = Response::new().call("wait", "{}").call("fast", "{}").call("note", "{}");
        let limits = Limits::default().call_timeout(Duration::MAX);
        let agent = Agent::new(once(calls)).tools(tools![wait, fast, note]).limits(limits);
        let outcome = agent.run("go").cancel_on(yields(50)).await.unwrap();
        saved(outcome.transcript());
        assert_eq!(statuses(outcome.transcript()), [Interrupted, Completed, Completed]);
    });
}

#[test]
fn a_failed_answer_is_asked_for_again_without_a_timer() {
    without_a_timer(async {
        let scripts =
            [Script::new().breaks(), Script::new().text("a").fails(ModelErrorKind::Server)];
        let model = Streamed::new(scripts);
        let outcome = Agent::new(model.clone()).run("go").await.unwrap();
        assert_eq!((outcome.text().as_str(), model.asked()), ("done", 3));
    });
}

/// A panic that is caught is told all the same, on the terminal of whoever runs it.
#[test]
fn a_run_without_a_timer_does_not_panic_at_each_poll() {
    let panics = Arc::new(AtomicUsize::new(0));
    let (count, here) = (panics.clone(), std::thread::current().id());
    panic::set_hook(Box::new(move |_| {
        if std::thread::current().id() == here {
            count.fetch_add(1, SeqCst);
        }
    }));
    without_a_timer(async {
        let model = ScriptedModel::new().turn(|_| Response::new().call("fast", "{}"));
        let agent = Agent::new(model.turn(|_| Response::new())).tools(tools![fast]);
        agent.run("go").await.unwrap();
        let stalls = Agent::new(Streamed::new([Script::new().stalls()]));
        stalls.run("go").cancel_on(yields(100)).await.unwrap();
    });
    _ = panic::take_hook();
    let panics = panics.load(SeqCst);
    assert!(panics <= 4, "{panics} panics");
}
