//! Streamed answers, and our decoder.

use agent_core::__private::stream_in_place;
use agent_core::providers::Anthropic;
use agent_core::{Delta, Response};
use bytes::Bytes;
use serde_json::{Value, json};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

pub fn take(model: &Anthropic, pieces: &[Bytes]) -> Response {
    let heard = AtomicUsize::new(0);
    let hear = |delta: Delta<'_>| {
        black_box(delta);
        heard.fetch_add(1, Ordering::Relaxed);
    };
    stream_in_place(model, black_box(pieces), &hear).unwrap()
}

pub fn cut(stream: &str, size: usize) -> Vec<Bytes> {
    stream.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect()
}

fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}

pub fn message(inner: impl IntoIterator<Item = Value>) -> String {
    let usage = json!({"input_tokens": 1000, "output_tokens": 1});
    let begin = json!({"type": "message_start", "message": {"model": "claude", "content": [], "usage": usage}});
    let delta = json!({"stop_reason": "tool_use", "stop_sequence": null});
    let end = json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5000}});
    let all = [begin].into_iter().chain(inner).chain([end, json!({"type": "message_stop"})]);
    all.map(|data| event(&data)).collect()
}

pub fn block(index: usize, block: &Value, deltas: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let begin = json!({"type": "content_block_start", "index": index, "content_block": block});
    let add = |delta| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let end = json!({"type": "content_block_stop", "index": index});
    [begin].into_iter().chain(deltas.into_iter().map(add)).chain([end]).collect()
}

/// An answer as models write it, with a few words in each event: a thought, a text and calls.
pub fn answer() -> String {
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
pub fn records() -> String {
    let record = |at: u32| {
        json!({"id": at, "name": format!("Item {at}"), "price": f64::from(at) * 0.25, "tags": ["new", "a \"b\""],
            "note": "please check for dead pixels before it is sent"})
    };
    json!({"records": (0..31_000).map(record).collect::<Vec<_>>()}).to_string()
}

/// Four megabytes of source code in a thousand texts.
pub fn files() -> String {
    let line = "    let found = lines.filter(|line| line.contains(\"needle\")).count();\n";
    let file = |at: u32| json!({"path": format!("src/{at}.rs"), "text": line.repeat(56)});
    json!({"files": (0..1000).map(file).collect::<Vec<_>>()}).to_string()
}

pub fn call(input: &str, size: usize) -> String {
    let call = json!({"type": "tool_use", "id": "toolu_1", "name": "write", "input": {}});
    message(block(0, &call, inputs(input, size)))
}
