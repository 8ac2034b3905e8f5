//! Many ready calls in one response, against a bare `tokio::spawn` and join of the handlers.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]

mod support;

use agent_core::{
    Agent, BoxFuture, Limits, Model, ModelError, Request, Response, ToolCall, View, tool, tools,
};
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
#[tool]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

const ARGUMENTS: &str = r#"{"a":20,"b":22}"#;

/// One response with many calls, then an answer.
struct Many(Response);

impl Model for Many {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            if request.results().is_empty() {
                return Ok(self.0.clone());
            }
            Ok(Response::new().text("done"))
        })
    }
}

#[derive(Deserialize)]
struct Args {
    a: i64,
    b: i64,
}

type Handler = Arc<dyn Fn(&str) -> Pin<Box<dyn Future<Output = String> + Send>> + Send + Sync>;

async fn spawn_and_join(handlers: &HashMap<&'static str, Handler>, calls: usize) -> Vec<String> {
    let text: Arc<str> = ARGUMENTS.into();
    let tasks: Vec<_> = (0..calls)
        .map(|_| {
            let (handler, text) = (handlers["add"].clone(), text.clone());
            tokio::spawn(async move { handler(&text).await })
        })
        .collect();
    let mut results = Vec::with_capacity(calls);
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

#[allow(clippy::cast_precision_loss, reason = "a small count")]
fn main() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let handler: Handler = Arc::new(|text| {
        let args = serde_json::from_str::<Args>(text).unwrap();
        Box::pin(async move { serde_json::to_string(&(args.a + args.b)).unwrap() })
    });
    let handlers = HashMap::from([("add", handler)]);
    let mut each_of_1000 = 0.0;
    for calls in [8, 1000, 10_000] {
        let response = (0..calls).fold(Response::new(), |response, index| {
            let call = ToolCall::new(format!("call_{index}"), "add", ARGUMENTS);
            response.block(View::ToolCall(call).into())
        });
        let limits = Limits::default().calls(calls).turn_output(1 << 30);
        let agent = Agent::new(Many(response)).tools(tools![add]).limits(limits);
        let rounds = 200_000 / calls / 10 + 5;
        let (mut bare, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let began = ProcessTime::now();
            black_box(runtime.block_on(spawn_and_join(&handlers, calls)));
            bare.push(began.elapsed().as_secs_f64());
            let began = ProcessTime::now();
            black_box(runtime.block_on(agent.run("go")).unwrap());
            ours.push(began.elapsed().as_secs_f64());
        }
        let per_call = |mut times: Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2] / calls as f64 * 1e6
        };
        let (bare, ours) = (per_call(bare), per_call(ours));
        println!("{calls} calls: bare {bare:.2} us, the agent {ours:.2} us a call");
        if calls == 1000 {
            each_of_1000 = ours;
            judge("1,000 calls: times bare spawn and join", ours / bare, 3.0);
        }
        if calls == 10_000 {
            judge("10,000 calls: a call, times one of 1,000", ours / each_of_1000, 2.0);
        }
    }
}
