//! Long queues.

use agent_core::{Agent, Content, Limits, Lock, Response, ToolCall, Toolset, tool, tools};
use agent_tests::support::{ms, once};
use serde_json::json;
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

const MANY: usize = 20_000;

/// Deep recursion over the queue overflows it: a frame for each call needs more.
const STACK: usize = 512 << 10;

/// Wait for an hour, one after another.
#[tool]
async fn wait(turns: &mut u32) -> u32 {
    *turns += 1;
    sleep(Duration::from_secs(3600)).await;
    *turns
}

/// Wait for an hour, with a key.
#[tool(write(slot = name))]
async fn wait_for(name: &str) -> usize {
    sleep(Duration::from_secs(3600)).await;
    name.len()
}

/// Wait for an hour, one at a time.
#[tool(pure, max_concurrent = 1)]
async fn wait_in_line() {
    sleep(Duration::from_secs(3600)).await;
}

/// Run an agent.
#[tool(write, timeout = "7200s")]
async fn delegate(agent: &Agent) -> Result<String, agent_core::RunError> {
    Ok(agent.run("go").await?.text())
}

fn toolset() -> Toolset {
    tools![wait, wait_for, wait_in_line].with_state(Lock::new(0_u32))
}

fn many(name: &str) -> Agent {
    let response = (0..MANY).fold(Response::new(), |response, n| {
        let arguments =
            if name == "wait_for" { json!({"name": "a"}).to_string() } else { "{}".into() };
        let call = ToolCall::new(format!("c{n}"), name, arguments);
        response.block(Content::ToolCall(call).into())
    });
    Agent::new(once(response)).tools(toolset()).limits(Limits::default().with_calls(MANY))
}

/// Runs what has to do with a small stack, on which a deep recursion ends the process.
fn on_a_small_stack(what: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(STACK).spawn(what).unwrap().join().unwrap();
}

fn runtimes() -> [Runtime; 2] {
    let one = Builder::new_current_thread().enable_time().build().unwrap();
    let two = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(STACK)
        .enable_time()
        .build()
        .unwrap();
    [one, two]
}

/// `facts`: "20,000 queued calls on a runtime that shuts down need no deep stack".
#[test]
fn a_runtime_that_shuts_down_under_a_long_queue_needs_no_deep_stack() {
    for name in ["wait", "wait_for", "wait_in_line"] {
        on_a_small_stack(move || {
            for runtime in runtimes() {
                let agent = many(name);
                runtime.spawn(async move { agent.run("go").await.map(drop) });
                runtime.block_on(async { sleep(ms(100)).await });
                drop(runtime);
            }
        });
    }
}

/// The same for a run that is dropped, and one that is nested.
#[test]
fn a_drop_of_a_long_queue_needs_no_deep_stack() {
    for name in ["wait", "wait_for", "wait_in_line"] {
        on_a_small_stack(move || {
            for runtime in runtimes() {
                runtime.block_on(async {
                    let inner = many(name);
                    let outer = Agent::new(once(Response::new().call("delegate", "{}")));
                    let outer = outer.tools(tools![delegate].with_state(inner.clone()));
                    timeout(ms(100), inner.run("go")).await.unwrap_err();
                    timeout(ms(100), outer.run("go")).await.unwrap_err();
                });
            }
        });
    }
}
