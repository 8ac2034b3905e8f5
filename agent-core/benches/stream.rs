//! Decodes a streamed answer from bytes to response, against framing by the same crate and one
//! parse of each line of data without building values.

#![allow(missing_docs, clippy::unwrap_used, clippy::cast_precision_loss, reason = "a bench")]

mod support;

use agent_core::providers::Anthropic;
use bytes::Bytes;
use futures::{StreamExt, executor::block_on, stream};
use serde_json::Value;
use sse_stream::SseByteStream;
use std::convert::Infallible;
use std::hint::black_box;
use support::stream::{answer, call, cut, files, records, take};
use support::{compare, judge};

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
}

/// Decodes an argument of 4 MB, against one parse of it, and of the lines that carry it, in which
/// each of its escapes is escaped again.
fn large(model: &Anthropic, what: &str, input: &str, size: usize) {
    let pieces = cut(&call(input, size), 2 << 10);
    let mut once = |_| _ = black_box(serde_json::from_str::<Value>(black_box(input)).unwrap());
    let mut lines = |_| parse(&pieces);
    let mut ours = |_| _ = black_box(take(model, &pieces));
    let [once, lines, ours] = compare(1, [&mut once, &mut lines, &mut ours]);
    let [once_ms, lines_ms, ours_ms] = [once, lines, ours].map(|nanos| nanos / 1e6);
    println!("{what}: parsed {once_ms:.1} ms, its lines {lines_ms:.1} ms, ours {ours_ms:.1} ms");
    judge(&format!("{what}: times a bare parse of its lines"), ours / lines, 4.0);
    // A long text is parsed as fast as it is copied, while framing and parsing the lines that carry
    // it already takes two to four times as long.
    judge(&format!("{what}: times one parse"), ours / once, 3.0);
}

fn parse(pieces: &[Bytes]) {
    let pieces = black_box(pieces).iter().cloned().map(Ok::<_, Infallible>);
    block_on(SseByteStream::new(stream::iter(pieces)).for_each(|event| {
        let data = event.unwrap().data.unwrap();
        black_box(serde_json::from_str::<Value>(&data).unwrap());
        std::future::ready(())
    }));
}
