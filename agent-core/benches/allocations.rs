//! Allocations of calls and conversations. A bench of its own target, because counting takes time.

#![allow(
    missing_docs,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "a bench of small counts"
)]

mod support;

use agent_core::{ToolCall, Toolset, tools};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use support::call::{ORDER, add, add_pure, order};
use support::conversation::{agent, by_hand};
use support::{judge, runtime};
use tokio::runtime::Runtime;

fn main() {
    let runtime = runtime();
    calls(&runtime);
    conversation(&runtime);
}

fn calls(runtime: &Runtime) {
    let toolset: Toolset = tools![add, add_pure, order].into();
    let table = support::call::by_hand(toolset.names().map(str::to_owned));
    let small: Arc<str> = r#"{"a":20,"b":22}"#.into();
    for (ours, theirs, text, most) in [
        ("add", "add", small.clone(), 2.0),
        ("add_pure", "add", small, 2.0),
        ("order", "order", ORDER.into(), 25.0),
    ] {
        let hand = allocations(runtime, async { table[theirs](&text).await });
        println!("{ours}: allocations by hand {hand}");
        let (caller, call) = (toolset.caller(), ToolCall::new("call_1", ours, text.clone()));
        let count = allocations(runtime, async { caller.call(&call).await });
        judge(&format!("{ours}: allocations"), count, most);
    }
}

fn conversation(runtime: &Runtime) {
    let (handlers, agent, parked_agent) = (by_hand::handlers(), agent(false), agent(true));
    let hand = allocations(runtime, by_hand::run(&handlers, "Add these.", false));
    println!("conversation: allocations by hand {hand}");
    judge("conversation: allocations", allocations(runtime, agent.run("Add these.")), 100.0);
    println!("the future of a run has {} bytes", size_of_val(&agent.run("Add these.")));
    println!("parked by hand {:.0} bytes", parked(|| by_hand::run(&handlers, "Add these.", true)));
    judge("parked conversation: bytes", parked(|| parked_agent.run("Add these.")), 6000.0);
}

/// The number of allocations while a future runs on this thread.
fn allocations(runtime: &Runtime, work: impl Future) -> f64 {
    allocation_counter::measure(|| _ = runtime.block_on(work)).count_total as f64
}

/// The heap bytes that a conversation holds while the model thinks, future and transcript included.
fn parked<F: Future>(make: impl Fn() -> F) -> f64 {
    const MANY: usize = 1000;
    let runtime = runtime();
    let mut all: Vec<Pin<Box<F>>> = Vec::with_capacity(MANY);
    let mut start = |count: usize| {
        let count = |all: &mut Vec<Pin<Box<F>>>| {
            for _ in 0..count {
                let mut conversation = Box::pin(make());
                // Calls run on tasks, so it takes some polls until the last request to the model.
                runtime.block_on(async {
                    for _ in 0..100 {
                        poll_fn(|cx| {
                            assert!(conversation.as_mut().poll(cx).is_pending());
                            Poll::Ready(())
                        })
                        .await;
                        tokio::task::yield_now().await;
                    }
                });
                all.push(conversation);
            }
        };
        allocation_counter::measure(|| count(&mut all)).bytes_current
    };
    start(MANY / 10);
    start(MANY / 2) as f64 / (MANY / 2) as f64
}
