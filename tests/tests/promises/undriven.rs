//! Runtimes that nobody drives: a body that is not being polled is dropped on the spot by whoever stops its
//! run, so that it holds no claim.

use agent_core::{Agent, Response, RunError, ToolContext, Toolset, tool, tools};
use agent_tests::support::{ms, once};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

#[derive(Default)]
struct App {
    began: AtomicUsize,
    dropped: AtomicUsize,
}

struct Counts<'a>(&'a App);

impl Drop for Counts<'_> {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, SeqCst);
    }
}

/// Hold everything for ever.
#[tool(write)]
async fn hold(app: &App) {
    let _counts = Counts(app);
    app.began.fetch_add(1, SeqCst);
    std::future::pending::<()>().await;
}

/// Hold the one slot for ever.
#[tool(pure, max_concurrent = 1)]
async fn hold_slot(app: &App, stay: bool) {
    if stay {
        let _counts = Counts(app);
        app.began.fetch_add(1, SeqCst);
        std::future::pending::<()>().await;
    }
}

/// Hold everything, and know the call.
#[tool(write)]
async fn hold_and_listen(app: &App, call: ToolContext) {
    let _counts = Counts(app);
    app.began.fetch_add(1, SeqCst);
    call.cancelled().await;
}

/// Save.
#[tool(write)]
async fn save() -> &'static str {
    "saved"
}

fn toolset(app: &Arc<App>) -> Toolset {
    tools![hold, hold_slot, hold_and_listen, save].with_state_arc(app.clone())
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn poll_once<F: Future>(mut future: Pin<&mut F>) {
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// What a call of this tool returns on a runtime of its own, or nothing after two seconds.
fn elsewhere(tools: &Toolset, name: &str, arguments: &str) -> Option<String> {
    one_thread().block_on(async {
        let ended = timeout(Duration::from_secs(2), tools.call(name, arguments)).await;
        ended.ok().map(|result| result.text().to_owned())
    })
}

/// Starts a run that makes this call on a runtime that is never driven again, and drops it on another
/// thread. `drives` is for how long the runtime is driven at first; without it the run is polled once.
fn abandoned(agent: &Agent, drives: Option<u64>) -> Runtime {
    let runtime = one_thread();
    let mut run = Box::pin(agent.run("go"));
    runtime.block_on(async {
        poll_once(run.as_mut()).await;
        if let Some(time) = drives {
            sleep(ms(time)).await;
            poll_once(run.as_mut()).await;
        }
    });
    thread::spawn(move || drop(run)).join().unwrap();
    // Kept: a runtime that is dropped drops its tasks.
    runtime
}

/// Row 6: "an aborted call on a `current_thread` runtime that nobody drives keeps its claims".
#[test]
fn a_run_that_is_dropped_beside_its_runtime_leaves_its_claims_free() {
    for name in ["hold", "hold_and_listen"] {
        for drives in [None, Some(10)] {
            let app = Arc::new(App::default());
            let tools = toolset(&app);
            let agent = Agent::new(once(Response::new().call(name, "{}"))).tools(tools.clone());
            let _runtime = abandoned(&agent, drives);
            assert_eq!(
                elsewhere(&tools, "save", "{}").as_deref(),
                Some("saved"),
                "{name}, {drives:?}"
            );
            let (began, dropped) = (app.began.load(SeqCst), app.dropped.load(SeqCst));
            assert_eq!(began, dropped, "{name}, {drives:?}: its body is dropped");
        }
    }
}

/// Row 6, for slots.
#[test]
fn a_run_that_is_dropped_beside_its_runtime_leaves_its_slots_free() {
    for drives in [None, Some(10)] {
        let app = Arc::new(App::default());
        let tools = toolset(&app);
        let response = Response::new().call("hold_slot", r#"{"stay":true}"#);
        let agent = Agent::new(once(response)).tools(tools.clone());
        let _runtime = abandoned(&agent, drives);
        assert_eq!(elsewhere(&tools, "hold_slot", r#"{"stay":false}"#).as_deref(), Some("done"));
    }
}

struct Inner(Agent);

/// Run an agent.
#[tool(write)]
async fn delegate(inner: &Inner) -> Result<String, RunError> {
    Ok(inner.0.run("inner").await?.text())
}

/// Row 6, for a run within a call, on the same ledger.
#[test]
fn a_nested_run_that_is_dropped_beside_its_runtime_leaves_its_claims_free() {
    for drives in [None, Some(10)] {
        let app = Arc::new(App::default());
        let tools = toolset(&app);
        let inner = Agent::new(once(Response::new().call("hold", "{}"))).tools(tools.clone());
        let outer = tools![delegate].with_state(Inner(inner));
        let outer = outer.order_with(&tools).unwrap();
        let agent = Agent::new(once(Response::new().call("delegate", "{}"))).tools(outer);
        let _runtime = abandoned(&agent, drives);
        assert_eq!(elsewhere(&tools, "save", "{}").as_deref(), Some("saved"), "{drives:?}");
        assert_eq!(app.began.load(SeqCst), app.dropped.load(SeqCst));
    }
}

/// Row 6, again and again: each run finds the claims of the one before it free.
#[test]
fn of_many_undriven_runs_none_holds_a_claim() {
    let app = Arc::new(App::default());
    let tools = toolset(&app);
    let agents: Vec<_> = (0..50)
        .map(|_| {
            let calls = Response::new().call("hold", "{}").call("hold", "{}").call("save", "{}");
            Agent::new(once(calls)).tools(tools.clone())
        })
        .collect();
    let runtimes: Vec<_> = agents.iter().map(|agent| abandoned(agent, Some(1))).collect();
    assert_eq!(elsewhere(&tools, "save", "{}").as_deref(), Some("saved"));
    assert_eq!(app.began.load(SeqCst), app.dropped.load(SeqCst));
    drop(runtimes);
}
