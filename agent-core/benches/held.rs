//! The memory that a streamed answer holds while it arrives and when it is complete. Not in the
//! bench that measures its time: the counting allocator copies whenever an allocation grows.

#![allow(missing_docs, clippy::unwrap_used, clippy::cast_precision_loss, reason = "a bench")]

mod support;

use agent_core::providers::Anthropic;
use agent_core::transport::{Body, Transport};
use agent_core::{Agent, BoxFuture, ModelError, Response};
use bytes::Bytes;
use futures::stream;
use serde_json::json;
use std::hint::black_box;
use support::stream::{answer, block, call, cut, files, message, take};
use support::{judge, runtime};

fn main() {
    memory(&Anthropic::new("claude-of-the-bench", "a key"));
    slow_reader();
}

/// The memory of a complete response, and the maximum while it arrives, for each byte of its
/// blocks.
fn memory(model: &Anthropic) {
    for (name, answer) in [("many blocks", answer()), ("a large argument", call(&files(), 2 << 10))]
    {
        let pieces = cut(&answer, 2 << 10);
        let mut response = Response::new();
        let held = allocation_counter::measure(|| response = take(model, &pieces));
        let said: usize =
            response.blocks().iter().map(|block| block.raw().unwrap().get().len()).sum();
        let [now, most] =
            [held.bytes_current as f64, held.bytes_max as f64].map(|bytes| bytes / said as f64);
        judge(&format!("{name}: bytes held for a byte of blocks"), now, 2.5);
        judge(&format!("{name}: at most while it arrives"), most, 6.0);
    }
}

/// The maximum that a run holds for each byte of a long text whose events are read slowly.
fn slow_reader() {
    let text = json!({"type": "text", "text": ""});
    let line = "All is well, and the next line says so too, at some length.\n".repeat(16);
    let lines = (0..4000).map(|_| json!({"type": "text_delta", "text": line}));
    let pieces = cut(&message(block(0, &text, lines)), 2 << 10);
    let agent =
        Agent::new(Anthropic::new("claude-of-the-bench", "a key").transport(Served(pieces)));
    let (runtime, mut queued) = (runtime(), 0);
    let held = allocation_counter::measure(|| {
        runtime.block_on(async {
            let mut run = agent.stream("go");
            while let Some(event) = run.next().await {
                black_box(event);
                tokio::task::yield_now().await;
                queued += 1;
            }
            black_box(run.outcome().await.unwrap());
        });
    });
    println!("a slow reader: {queued} events");
    let most = held.bytes_max as f64 / (4000 * line.len()) as f64;
    judge("a slow reader of a long text: at most, for a byte of it", most, 5.0);
}

/// A transport with a prepared answer, served piece by piece.
struct Served(Vec<Bytes>);

impl Transport for Served {
    fn send(
        &self,
        _: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
        let pieces = self.0.clone().into_iter().map(Ok);
        let mut answer = http::Response::new(Body::new(stream::iter(pieces)));
        let kind = http::HeaderValue::from_static("text/event-stream");
        answer.headers_mut().insert(http::header::CONTENT_TYPE, kind);
        Box::pin(async { Ok(answer) })
    }
}
