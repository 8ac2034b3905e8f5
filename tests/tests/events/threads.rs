//! Events of calls that run on other threads.

use agent_core::{
    Agent, BoxFuture, CallStatus, Delta, EventKind, Model, ModelError, Request, Response, tool,
    tools,
};
use std::collections::HashSet;
use std::future::pending;
use tokio::task::yield_now;

/// Hang.
#[tool(pure)]
async fn hang() {
    pending::<()>().await;
}

/// Writes 32 calls, and no end.
struct Endless;

impl Model for Endless {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let response = (0..32).fold(Response::new(), |all, _| all.call("hang", "{}"));
            for call in response.calls() {
                request.emit(Delta::Call { id: call.id(), name: call.name() });
                request.emit(Delta::CallDone(call));
            }
            yield_now().await;
            pending().await
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_interrupted_of_which_nobody_heard_that_it_started() {
    let agent = Agent::new(Endless).tools(tools![hang]);
    for round in 0..10_000 {
        let later = async move {
            for _ in 0..round % 3 {
                yield_now().await;
            }
        };
        let mut run = agent.run("go").cancel_on(later).stream();
        let mut started = HashSet::new();
        while let Some(event) = run.next().await {
            match event.kind {
                EventKind::CallStarted { number, .. } => _ = started.insert(number),
                EventKind::CallEnded { number, result, .. }
                    if result.status() == CallStatus::Interrupted =>
                {
                    assert!(started.contains(&number), "{round}");
                }
                _ => {}
            }
        }
    }
}
