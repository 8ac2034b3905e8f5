//! Runtimes and runs that are dropped under their calls.

use agent_core::CallStatus::{Failed, Interrupted};
use agent_core::{Agent, Limits, Lock, Response, ToolContext, ToolError, Toolset, tool, tools};
use agent_tests::support::diary::Diary;
use agent_tests::support::{ms, once, plan, statuses, texts};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{sleep, timeout};

/// Cannot be interrupted.
#[tool(write)]
fn stubborn() {
    thread::sleep(ms(1500));
}

/// End the run as soon as the other one is at work.
#[tool(pure)]
async fn end_soon() -> Result<(), ToolError> {
    sleep(ms(100)).await;
    Err(ToolError::fatal("the end"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_call_that_does_not_let_go_is_not_said_to_have_not_run() {
    let calls = Response::new().call("stubborn", "{}").call("end_soon", "{}");
    let agent = Agent::new(once(calls)).tools(tools![stubborn, end_soon]);
    let error = agent.run("go").await.unwrap_err();
    assert_eq!(statuses(error.transcript()), [Interrupted, Failed]);
}

/// Ends a thread that hangs, with a failure.
fn within(time: Duration, what: impl FnOnce() + Send + 'static) {
    let (done, ended) = channel();
    let thread = thread::spawn(move || {
        what();
        done.send(()).unwrap();
    });
    match ended.recv_timeout(time) {
        Ok(()) => thread.join().unwrap(),
        Err(why) => panic!("no end within {time:?}: {why}"),
    }
}

fn flavours() -> [Runtime; 2] {
    let one = Builder::new_current_thread().enable_time().build().unwrap();
    let many = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    [one, many]
}

/// Wait for nothing, on a thread of its own.
#[tool(write)]
fn block(ctx: ToolContext) {
    while !ctx.is_cancelled() {
        thread::sleep(ms(1));
    }
}

#[test]
fn a_runtime_may_be_dropped_under_a_running_batch() {
    within(Duration::from_secs(20), || {
        for runtime in flavours() {
            let diary = runtime.block_on(async { Diary::new() });
            let calls = plan("look 60000, save 60000, bare 60000, bare 10, think 60000, fail 1");
            let calls = calls.call("block", "{}");
            let tools = diary.tools().and(tools![block]).unwrap();
            for agent in [
                Agent::new(once(calls.clone())).tools(tools.clone()),
                Agent::new(once(calls.clone())).tools(tools.clone()).concurrency(2),
            ] {
                runtime.spawn(async move { agent.run("go").await.map(drop) });
            }
            runtime.block_on(async { sleep(ms(50)).await });
            assert!(diary.count("look begins") > 0);
            drop(runtime);
            let after = diary.len();
            thread::sleep(ms(30));
            assert_eq!(diary.len(), after);
        }
    });
}

#[derive(Default)]
struct Notes(Vec<u64>);

/// Count.
#[tool]
async fn count(notes: &mut Notes) -> usize {
    notes.0.push(1);
    if notes.0.len() == 10 {
        sleep(Duration::from_secs(3600)).await;
    }
    notes.0.len()
}

fn ten_thousand(tools: &Toolset) -> Agent {
    let calls = (0..10_000).fold(Vec::new(), |mut calls, n| {
        calls.push(agent_core::ToolCall::new(format!("c{n}"), "count", "{}"));
        calls
    });
    let response = calls.into_iter().fold(Response::new(), |response, call| {
        response.block(agent_core::Content::ToolCall(call).into())
    });
    Agent::new(once(response)).tools(tools.clone()).limits(Limits::default().with_calls(10_000))
}

/// The state is free, so that a call on another runtime runs at once.
fn next_count(tools: &Toolset) -> String {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let result = runtime
        .block_on(async { timeout(Duration::from_secs(10), tools.call("count", "{}")).await });
    result.unwrap().text().to_owned()
}

#[test]
fn a_long_queue_for_one_state_is_let_go_without_a_deep_stack() {
    within(Duration::from_secs(60), || {
        let tools = || tools![count].with_state(Lock::new(Notes::default()));
        for runtime in flavours() {
            let (one, other) = (tools(), tools());
            for agent in [ten_thousand(&one), ten_thousand(&other).concurrency(3)] {
                runtime.spawn(async move { agent.run("go").await.map(drop) });
            }
            runtime.block_on(async { sleep(ms(300)).await });
            drop(runtime);
            for tools in [one, other] {
                assert_eq!(next_count(&tools), "11", "of the calls in the queue none ran");
            }
        }
        for runtime in flavours() {
            let tools = tools();
            runtime.block_on(async {
                timeout(ms(300), ten_thousand(&tools).run("go")).await.unwrap_err();
            });
            drop(runtime);
            assert_eq!(next_count(&tools), "11", "of the calls in the queue none ran");
        }
    });
}

#[test]
fn runs_dropped_at_random_moments_on_many_threads_leave_a_free_toolset() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        let tools = Diary::new().tools();
        for round in 0..2_000_u32 {
            let calls = plan("bare 0, save 0, look 0, narrow 0, think 0, save 0");
            let agent = Agent::new(once(calls)).tools(tools.clone()).concurrency(2);
            let run = tokio::spawn(async move { agent.run("go").await.map(drop) });
            for _ in 0..round % 50 {
                tokio::task::yield_now().await;
            }
            run.abort();
            _ = run.await;
        }
        let last = Agent::new(once(plan("save 0, narrow 0"))).tools(tools);
        let outcome = timeout(Duration::from_secs(10), last.run("go")).await.unwrap().unwrap();
        assert_eq!(texts(outcome.transcript()), ["0", "0"]);
        for _ in 0..1000 {
            if Handle::current().metrics().num_alive_tasks() == 0 {
                return;
            }
            sleep(ms(1)).await;
        }
        panic!("tasks are left");
    });
}
