//! The calls of one response through ledger and dispatch, against a bare `tokio::spawn` and join of
//! handlers written by hand.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]

mod support;

use agent_core::__private::in_a_batch;
use agent_core::{Limits, ToolCall, tool, tools};
use cpu_time::ProcessTime;
use serde::Deserialize;
use std::collections::HashMap;
use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use support::judge;
use tokio::runtime::Builder;

/// Add two numbers.
#[tool(read, inline)]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Add two numbers under the name of the first.
#[tool(write(item = a), inline)]
fn put(a: i64, b: i64) -> i64 {
    a + b
}

#[derive(Deserialize)]
struct Args {
    a: i64,
    b: i64,
}

type Handler = Arc<dyn Fn(&str) -> Pin<Box<dyn Future<Output = String> + Send>> + Send + Sync>;

async fn spawn_and_join(
    handlers: &HashMap<&'static str, Handler>,
    (name, texts): (&str, &[Arc<str>]),
) -> Vec<String> {
    let tasks: Vec<_> = texts
        .iter()
        .map(|text| {
            let (handler, text) = (handlers[name].clone(), text.clone());
            tokio::spawn(async move { handler(&text).await })
        })
        .collect();
    let mut results = Vec::with_capacity(texts.len());
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// A description of the calls, the tool, the key of the nth call, and the bound.
type Case = (&'static str, &'static str, fn(usize) -> usize, f64);

#[allow(clippy::cast_precision_loss, reason = "a small count")]
fn main() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let handler: Handler = Arc::new(|text| {
        let args = serde_json::from_str::<Args>(text).unwrap();
        Box::pin(async move { serde_json::to_string(&(args.a + args.b)).unwrap() })
    });
    let handlers = HashMap::from([("add", handler.clone()), ("put", handler)]);
    // The calls, and the bound on the time of one among 8 and among 10,000, as a multiple of bare
    // spawn and join.
    let cases: [Case; 3] = [
        ("reads", "add", |_| 20, 2.0),
        ("writes of different keys", "put", |index| index, 4.0),
        ("writes of one key", "put", |_| 20, 4.0),
    ];
    for (what, name, key, bar) in cases {
        let mut each_of_1000 = 0.0;
        for calls in [8, 1000, 10_000] {
            let texts: Vec<Arc<str>> =
                (0..calls).map(|at| format!(r#"{{"a":{},"b":22}}"#, key(at)).into()).collect();
            let texts_of = texts.iter().enumerate();
            let made: Vec<_> = texts_of
                .map(|(at, text)| ToolCall::new(format!("call_{at}"), name, text.clone()))
                .collect();
            let made: Vec<_> = made.iter().collect();
            let (toolset, limits) = (tools![add, put].into(), Limits::default().with_calls(calls));
            let rounds = 20_000 / calls + 40;
            let (mut bare, mut ours) = (Vec::new(), Vec::new());
            for _ in 0..rounds {
                let began = ProcessTime::now();
                black_box(runtime.block_on(spawn_and_join(&handlers, (name, &texts))));
                bare.push(began.elapsed().as_secs_f64());
                let began = ProcessTime::now();
                black_box(runtime.block_on(in_a_batch(&toolset, &limits, &made)));
                ours.push(began.elapsed().as_secs_f64());
            }
            let per_call = |mut times: Vec<f64>| {
                times.sort_by(f64::total_cmp);
                times[times.len() / 2] / calls as f64 * 1e6
            };
            let (bare, ours) = (per_call(bare), per_call(ours));
            println!("{calls} {what}: bare {bare:.2} us, ours {ours:.2} us a call");
            if calls == 1000 {
                each_of_1000 = ours;
            } else {
                judge(&format!("{calls} {what}: times bare"), ours / bare, bar);
            }
            if name == "add" && calls == 1000 {
                judge("1,000 calls: times bare spawn and join", ours / bare, 3.0);
            }
            if name == "add" && calls == 10_000 {
                judge("10,000 calls: a call, times one of 1,000", ours / each_of_1000, 2.0);
            }
        }
    }
}
