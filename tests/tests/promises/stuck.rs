//! Calls that wait behind a body that does not return: they are answered after `Limits::call_timeout`,
//! whatever stopped that body, and run when it has returned.

use agent_core::CallStatus::{Completed, NotRun};
use agent_core::{Agent, Limits, Response, RunError, Toolset, tool, tools};
use agent_tests::support::{ms, once, statuses};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use tokio::time::{sleep, timeout};

use super::gate::Gate;
use super::{only, soon};

#[derive(Default)]
struct App {
    gate: Gate,
    saved: AtomicUsize,
    inner: OnceLock<Agent>,
}

/// Block a thread, and time out.
#[tool(write, timeout = "20ms")]
fn stick_briefly(app: &App) {
    app.gate.pass();
}

/// Block a thread.
#[tool(write)]
fn stick(app: &App) {
    app.gate.pass();
}

/// Block a thread, as a plain function.
#[tool(write)]
fn stick_plainly(app: &App) {
    app.gate.pass();
}

/// Block a thread, in an async function.
#[tool(write, blocking)]
async fn stick_async(app: &App) {
    app.gate.pass();
}

/// Run an agent whose call sticks.
#[tool(write)]
async fn stick_within(app: &App) -> Result<String, RunError> {
    Ok(app.inner.get().unwrap().run("inner").await?.text())
}

/// Save.
#[tool(write)]
async fn save(app: &App) -> usize {
    app.saved.fetch_add(1, SeqCst) + 1
}

/// How a run is stopped while its call sticks.
#[derive(Debug, Clone, Copy)]
enum Stopped {
    Timeout,
    Cancel,
    Deadline,
    Drop,
}

fn agent(name: &str, tools: &Toolset) -> Agent {
    let limits = Limits::default().with_call_timeout(ms(100)).with_grace(ms(10));
    let response = Response::new().call(name, "{}");
    Agent::new(once(response)).tools(tools.clone()).limits(limits)
}

/// Stops a run whose call sticks, and sends another one behind it.
async fn behind(name: &str, stopped: Stopped) {
    let (gate, _opener) = Gate::new();
    let app = Arc::new(App { gate: gate.clone(), ..App::default() });
    let tools: Toolset =
        tools![save, stick, stick_async, stick_briefly, stick_plainly, stick_within]
            .with_state_arc(app.clone());
    // The body returns when the test is over, so its own time must not be over before.
    let patient = Limits::default().with_grace(ms(10));
    assert!(app.inner.set(agent("stick", &tools).limits(patient.clone())).is_ok());
    let sticks = agent(name, &tools).limits(patient);
    match stopped {
        Stopped::Timeout => drop(soon(sticks.run("go")).await.unwrap()),
        Stopped::Cancel => {
            let came = gate.clone();
            let run = sticks.run("go").cancel_on(async move { came.has(1).await });
            soon(run).await.unwrap();
        }
        Stopped::Deadline => {
            let mut run = std::pin::pin!(sticks.run("go").deadline(ms(200)));
            soon(&mut run).await.unwrap();
        }
        Stopped::Drop => {
            let run = tokio::spawn(async move { sticks.run("go").await.map(drop) });
            gate.has(1).await;
            run.abort();
            _ = soon(run).await;
        }
    }
    let what = format!("{name}, {stopped:?}");
    assert_eq!(gate.came(), 1, "{what}");

    let outcome = soon(agent("save", &tools).run("other")).await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [NotRun], "{what}");
    assert!(only(&outcome).contains("busy"), "{what}: {}", only(&outcome));
    assert!(outcome.elapsed() >= ms(100), "{what}: {:?}", outcome.elapsed());
    let by_hand = timeout(ms(200), tools.call("save", "{}")).await;
    assert!(by_hand.is_err(), "{what}: a call with the default limits still waits");
    gate.open();
    sleep(ms(20)).await;
    let outcome = soon(agent("save", &tools).run("after")).await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [Completed], "{what}");
    assert_eq!(app.saved.load(SeqCst), 1, "{what}");
}

/// Row 7: "callers behind a stuck body are answered only if it was stopped by its timeout".
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_behind_a_stuck_body_is_answered_whatever_stopped_it() {
    behind("stick_briefly", Stopped::Timeout).await;
    for name in ["stick", "stick_async"] {
        for stopped in [Stopped::Cancel, Stopped::Deadline, Stopped::Drop] {
            behind(name, stopped).await;
        }
    }
}

/// Row 7: "a stuck sync body never answers them".
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_behind_a_stuck_plain_function_is_answered_too() {
    for stopped in [Stopped::Cancel, Stopped::Deadline, Stopped::Drop] {
        behind("stick_plainly", stopped).await;
    }
}

/// Row 7 with row 2: the body is stuck within another call, whose claims it keeps.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_behind_a_parent_whose_nested_body_is_stuck_is_answered() {
    for stopped in [Stopped::Cancel, Stopped::Deadline, Stopped::Drop] {
        behind("stick_within", stopped).await;
    }
}

/// Row 7, on a runtime with one thread.
#[tokio::test]
async fn on_one_thread_a_call_behind_a_stuck_body_is_answered() {
    for name in ["stick", "stick_async", "stick_plainly", "stick_within"] {
        for stopped in [Stopped::Cancel, Stopped::Drop] {
            behind(name, stopped).await;
        }
    }
}
