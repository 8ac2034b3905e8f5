//! Models that emit from other threads, and runs that are moved between runtimes.

use agent_core::{
    Agent, BoxFuture, Delta, EventKind, Lock, Model, ModelError, Request, Response, StopReason,
    Toolset, tool, tools,
};
use agent_tests::support::{ms, once, plan, texts};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::Poll;
use std::thread;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use super::{LONG, soon};

/// Look for a while.
#[tool(read)]
async fn look(ms: u64) -> u64 {
    sleep(agent_tests::support::ms(ms)).await;
    ms
}

/// Save for a while.
#[tool(write)]
async fn save(ms: u64) -> u64 {
    sleep(agent_tests::support::ms(ms)).await;
    ms
}

/// Count.
#[tool]
async fn count(number: &mut u32) -> u32 {
    *number += 1;
    *number
}

/// Streams its calls from threads: all of a call from one thread, each call from another.
struct Threaded(AtomicBool);

impl Model for Threaded {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            if self.0.swap(true, SeqCst) {
                return Ok(Response::new().with_text("done"));
            }
            let response = plan("look 1, look 2, save 3, look 4").stop(StopReason::ToolUse);
            for call in response.calls() {
                thread::scope(|scope| {
                    let emits = || {
                        request.emit(Delta::Call { id: call.id(), name: call.name() });
                        request.emit(Delta::Arguments(call.arguments()));
                        request.emit(Delta::CallDone(call));
                    };
                    scope.spawn(emits).join().expect("to emit from a thread does not panic");
                });
                tokio::task::yield_now().await;
            }
            sleep(ms(1)).await;
            Ok(response)
        })
    }
}

/// Row 12: "`Delta::CallDone` emitted from another thread panics".
#[tokio::test(start_paused = true)]
async fn calls_that_are_emitted_from_other_threads_keep_their_order() {
    let agent = Agent::new(Threaded(AtomicBool::new(false))).tools(tools![look, save]);
    let mut run = agent.stream("go");
    let mut announced = Vec::new();
    while let Some(event) = run.next().await {
        if let EventKind::CallWritten { number, label, .. } = event.kind {
            announced.push((number, label));
        }
    }
    let announced: Vec<_> = announced.iter().map(|(number, label)| (*number, &**label)).collect();
    assert_eq!(announced, [(1, "look(1)"), (2, "look(2)"), (3, "save(3)"), (4, "look(4)")]);
    let outcome = run.outcome().await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["1", "2", "3", "4"]);
}

/// Emits its calls from threads that outlive no poll, and all at the same time.
struct AllAtOnce(AtomicBool);

impl Model for AllAtOnce {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let first = !self.0.swap(true, SeqCst);
            if !first {
                return Ok(Response::new().with_text("done"));
            }
            let response = (0..16).fold(Response::new(), |all, _| all.call("count", "{}"));
            thread::scope(|scope| {
                for call in response.calls() {
                    scope.spawn(move || request.emit(Delta::CallDone(call)));
                }
            });
            sleep(ms(1)).await;
            Ok(response.stop(StopReason::ToolUse))
        })
    }
}

/// Row 12: deltas in any order change nothing of the response's order, and no call is made twice.
#[tokio::test(start_paused = true)]
async fn calls_that_are_emitted_in_any_order_run_once_and_in_the_order_of_the_response() {
    for _ in 0..20 {
        let tools = tools![count].with_state(Lock::new(0_u32));
        let agent = Agent::new(AllAtOnce(AtomicBool::new(false))).tools(tools);
        let outcome = agent.run("go").await.unwrap();
        let expected: Vec<_> = (1..=16).map(|n| n.to_string()).collect();
        assert_eq!(texts(outcome.transcript()), expected);
    }
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn polled_once<F: Future>(mut future: Pin<&mut F>) {
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// What becomes of the runtime on which a run has begun.
#[derive(Debug, Clone, Copy)]
enum First {
    Driven,
    Undriven,
    Dropped,
}

/// Row 12: "a run continued on a second runtime panics in a timer". It works there, or ends with an error
/// that says why; what it claimed is free in the end.
#[test]
fn a_run_that_is_continued_on_a_second_runtime_does_not_panic() {
    for first in [First::Driven, First::Undriven, First::Dropped] {
        for polls in [1, 3] {
            let tools = Toolset::from(tools![look, save]);
            let agent = Agent::new(once(plan("look 100, save 100, look 100"))).tools(tools.clone());
            let (one, second) = (one_thread(), one_thread());
            // Calls that wait on a runtime that nobody drives end with the deadline at the latest.
            let mut run = Box::pin(agent.run("go").deadline(ms(1000)));
            for _ in 0..polls {
                one.block_on(polled_once(run.as_mut()));
            }
            let kept = match first {
                First::Driven => {
                    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
                    let drives = thread::spawn(move || _ = one.block_on(stopped));
                    Some((stop, drives))
                }
                First::Undriven => {
                    std::mem::forget(one);
                    None
                }
                First::Dropped => {
                    drop(one);
                    None
                }
            };
            let ended = second.block_on(async { timeout(LONG, run.as_mut()).await });
            let ended = ended.unwrap_or_else(|_| panic!("no end: {first:?}, {polls} polls"));
            let results = match &ended {
                Ok(outcome) => outcome.transcript().results().count(),
                Err(error) => error.transcript().results().count(),
            };
            assert_eq!(results, 3, "{first:?}: {ended:?}");
            drop(run);
            if let Some((stop, drives)) = kept {
                drop(stop);
                drives.join().unwrap();
            }
            let after = second.block_on(soon(tools.call("save", r#"{"ms":1}"#)));
            assert_eq!(after.text(), "1");
        }
    }
}
