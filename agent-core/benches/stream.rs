//! A streamed answer, from bytes to response: against framing by the same crate and one parse of each
//! line of data, which makes nothing of them.

#![allow(missing_docs, clippy::unwrap_used, clippy::cast_precision_loss, reason = "a bench")]

mod support;

use agent_core::__private::stream_in_place;
use agent_core::providers::Anthropic;
use agent_core::transport::{Body, Transport};
use agent_core::{Agent, BoxFuture, Delta, ModelError, Response};
use bytes::Bytes;
use futures::{StreamExt, executor::block_on, stream};
use serde_json::{Value, json};
use sse_stream::SseByteStream;
use std::convert::Infallible;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{compare, judge, runtime};

fn main() {
    let model = Anthropic::new("claude-of-the-bench", "a key");
    let answer = answer();
    for (size, most) in [(64, 1.6), (2 << 10, 1.6)] {
        let pieces = cut(&answer, size);
        let mut bare = |times| (0..times).for_each(|_| parse(&pieces));
        let mut ours = |times| {
            for _ in 0..times {
                black_box(take(&model, &pieces));
            }
        };
        let [bare, ours] = compare(20, [&mut bare, &mut ours]);
        let rate = |nanos: f64| answer.len() as f64 * 1e3 / nanos;
        println!(
            "an answer in pieces of {size} bytes: bare {:.0} MB/s, ours {:.0} MB/s",
            rate(bare),
            rate(ours)
        );
        judge(&format!("pieces of {size} bytes: times a bare parse"), ours / bare, most);
    }
    for (name, input) in [("records", records()), ("files", files())] {
        for (events, size) in [("events of 2 KB", 2 << 10), ("one event", usize::MAX)] {
            large(&model, &format!("{name} in {events}"), &input, size);
        }
    }
    memory(&model);
    slow_reader();
}

/// An argument of 4 MB against one parse of it, and of the lines that bring it, in which each of its
/// escapes is two.
fn large(model: &Anthropic, what: &str, input: &str, size: usize) {
    let pieces = cut(&call(input, size), 2 << 10);
    let mut once = |_| _ = black_box(serde_json::from_str::<Value>(black_box(input)).unwrap());
    let mut lines = |_| parse(&pieces);
    let mut ours = |_| _ = black_box(take(model, &pieces));
    let [once, lines, ours] = compare(1, [&mut once, &mut lines, &mut ours]);
    let [once_ms, lines_ms, ours_ms] = [once, lines, ours].map(|nanos| nanos / 1e6);
    println!("{what}: parsed {once_ms:.1} ms, its lines {lines_ms:.1} ms, ours {ours_ms:.1} ms");
    judge(&format!("{what}: times a bare parse of its lines"), ours / lines, 4.0);
    // A long text is parsed as fast as it is copied: to frame the lines that bring it and to parse each
    // once takes two to four times as long already.
    judge(&format!("{what}: times one parse"), ours / once, 3.0);
}

/// What a response holds when it is there, and at most while it comes, for each byte of what was said.
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
        judge(&format!("{name}: at most while it comes"), most, 6.0);
    }
}

/// What a run holds at most, for each byte of a long text, if its events are read slowly.
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

/// An answer that is there, piece by piece.
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

fn take(model: &Anthropic, pieces: &[Bytes]) -> Response {
    let heard = AtomicUsize::new(0);
    let hear = |delta: Delta<'_>| {
        black_box(delta);
        heard.fetch_add(1, Ordering::Relaxed);
    };
    stream_in_place(model, black_box(pieces), &hear).unwrap()
}

fn parse(pieces: &[Bytes]) {
    let pieces = black_box(pieces).iter().cloned().map(Ok::<_, Infallible>);
    block_on(SseByteStream::new(stream::iter(pieces)).for_each(|event| {
        let data = event.unwrap().data.unwrap();
        black_box(serde_json::from_str::<Value>(&data).unwrap());
        std::future::ready(())
    }));
}

fn cut(stream: &str, size: usize) -> Vec<Bytes> {
    stream.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect()
}

fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}

fn message(inner: impl IntoIterator<Item = Value>) -> String {
    let usage = json!({"input_tokens": 1000, "output_tokens": 1});
    let begin = json!({"type": "message_start", "message": {"model": "claude", "content": [], "usage": usage}});
    let delta = json!({"stop_reason": "tool_use", "stop_sequence": null});
    let end = json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5000}});
    let all = [begin].into_iter().chain(inner).chain([end, json!({"type": "message_stop"})]);
    all.map(|data| event(&data)).collect()
}

fn block(index: usize, block: &Value, deltas: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let begin = json!({"type": "content_block_start", "index": index, "content_block": block});
    let add = |delta| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let end = json!({"type": "content_block_stop", "index": index});
    [begin].into_iter().chain(deltas.into_iter().map(add)).chain([end]).collect()
}

/// As models write: some words in each event; a thought, a text and calls.
fn answer() -> String {
    const WORDS: [&str; 4] = [" the quick brown", " \"fox\" jumps", " over\n\n", " the lazy dog."];
    let words = |count: usize| WORDS.into_iter().cycle().take(count);
    let thinking = json!({"type": "thinking", "thinking": "", "signature": ""});
    let thoughts = words(400).map(|text| json!({"type": "thinking_delta", "thinking": text}));
    let signature = json!({"type": "signature_delta", "signature": "c2ln".repeat(100)});
    let texts = words(800).map(|text| json!({"type": "text_delta", "text": text}));
    let mut inner = block(0, &thinking, thoughts.chain([signature]));
    inner.extend(block(1, &json!({"type": "text", "text": ""}), texts));
    for at in 2..10 {
        let call =
            json!({"type": "tool_use", "id": format!("toolu_{at}"), "name": "edit", "input": {}});
        let input = json!({"path": format!("src/{at}.rs"), "text": words(100).collect::<String>()});
        inner.extend(block(at, &call, inputs(&input.to_string(), 20)));
    }
    message(inner)
}

fn inputs(json: &str, size: usize) -> Vec<Value> {
    let mut rest = json;
    let mut deltas = Vec::new();
    while !rest.is_empty() {
        let (part, more) = rest.split_at(size.min(rest.len()));
        deltas.push(json!({"type": "input_json_delta", "partial_json": part}));
        rest = more;
    }
    deltas
}

/// Four megabytes of small texts and numbers.
fn records() -> String {
    let record = |at: u32| {
        json!({"id": at, "name": format!("Item {at}"), "price": f64::from(at) * 0.25, "tags": ["new", "a \"b\""],
            "note": "please check for dead pixels before it is sent"})
    };
    json!({"records": (0..31_000).map(record).collect::<Vec<_>>()}).to_string()
}

/// Four megabytes of source code in a thousand texts.
fn files() -> String {
    let line = "    let found = lines.filter(|line| line.contains(\"needle\")).count();\n";
    let file = |at: u32| json!({"path": format!("src/{at}.rs"), "text": line.repeat(56)});
    json!({"files": (0..1000).map(file).collect::<Vec<_>>()}).to_string()
}

fn call(input: &str, size: usize) -> String {
    let call = json!({"type": "tool_use", "id": "toolu_1", "name": "write", "input": {}});
    message(block(0, &call, inputs(input, size)))
}
