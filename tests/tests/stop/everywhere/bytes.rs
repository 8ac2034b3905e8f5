//! A fault after every byte of a stream, through the whole agent with its retries.

use agent_core::providers::Anthropic;
use agent_core::transport::{Body, Timeouts, Transport};
use agent_core::{Agent, BoxFuture, CallStatus, ModelError, ModelErrorKind, Toolset, Transcript};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

use super::{Told, assert_goes_on, paused, say};
use agent_tests::support::diary::Diary;
use agent_tests::support::ms;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    End,
    Reset,
    ErrorEvent,
    Garbage,
    Stall,
}

const FAULTS: [Fault; 5] =
    [Fault::End, Fault::Reset, Fault::ErrorEvent, Fault::Garbage, Fault::Stall];

/// The events of an answer; each comes some milliseconds after the one before.
struct Served {
    events: Vec<String>,
    length: usize,
}

impl Served {
    fn new(calls: &[(&str, &str)]) -> Self {
        let data = |value: Value| format!("data: {value}\n\n");
        let mut events = vec![data(json!({"type": "message_start", "message": {"id": "m", "type":
            "message", "role": "assistant", "model": "m", "content": [], "usage": {}}}))];
        for (at, (name, input)) in calls.iter().enumerate() {
            let block =
                json!({"type": "tool_use", "id": format!("t{at}"), "name": name, "input": {}});
            let piece = |json: &str| {
                let delta = json!({"type": "input_json_delta", "partial_json": json});
                data(json!({"type": "content_block_delta", "index": at, "delta": delta}))
            };
            let (one, other) = input.split_at(input.len() / 2);
            events.push(data(
                json!({"type": "content_block_start", "index": at, "content_block": block}),
            ));
            events.extend([piece(one), piece(other)]);
            events.push(data(json!({"type": "content_block_stop", "index": at})));
        }
        let reason = if calls.is_empty() { "end_turn" } else { "tool_use" };
        events.push(data(json!({"type": "message_delta", "delta": {"stop_reason": reason},
            "usage": {"output_tokens": 2}})));
        events.push(data(json!({"type": "message_stop"})));
        let length = events.iter().map(String::len).sum();
        Self { events, length }
    }

    /// The first bytes, then the fault.
    fn broken(&self, mut left: usize, fault: Option<Fault>) -> Body {
        let mut pieces = Vec::new();
        for event in &self.events {
            let taken = event.len().min(left);
            left -= taken;
            if taken > 0 {
                pieces.push(Ok(Bytes::copy_from_slice(&event.as_bytes()[..taken])));
            }
        }
        let reset = || ModelError::new("connection reset").with_kind(ModelErrorKind::Connection);
        let mut stalls = false;
        match fault {
            Some(Fault::Reset) => pieces.push(Err(reset())),
            Some(Fault::ErrorEvent) => {
                let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
                pieces.push(Ok(Bytes::from(format!("\n\nevent: error\ndata: {error}\n\n"))));
            }
            Some(Fault::Garbage) => {
                let garbage = b"\x00\xff}]\"\n\ndata: {\"type\": [\n\ndata: nothing\n\n\xf0\x9f";
                pieces.push(Ok(Bytes::from_static(garbage)));
            }
            Some(Fault::Stall) => stalls = true,
            Some(Fault::End) | None => {}
        }
        let pieces = stream::iter(pieces).then(|piece| async {
            sleep(ms(3)).await;
            piece
        });
        if stalls { Body::new(pieces.chain(stream::pending())) } else { Body::new(pieces) }
    }
}

/// Answers with these bodies; to results, that all is done.
struct Bodies(Mutex<VecDeque<Body>>);

impl Transport for Bodies {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
        const RESULT: &[u8] = b"\"tool_result\"";
        let has_results = request.body().windows(RESULT.len()).any(|part| part == RESULT);
        let next = if has_results { None } else { self.0.lock().unwrap().pop_front() };
        let body = next.unwrap_or_else(|| Served::new(&[]).broken(usize::MAX, None));
        let head = http::Response::builder().header("content-type", "text/event-stream");
        Box::pin(async { Ok(head.body(body).unwrap()) })
    }
}

/// A run of which the first answer breaks here, and the second there.
async fn disturbed(
    (diary, tools): (&Arc<Diary>, &Toolset),
    served: &Served,
    first: (usize, Fault),
    second: (usize, Fault),
) {
    diary.turn_over();
    let bodies = [
        served.broken(first.0, Some(first.1)),
        served.broken(second.0, Some(second.1)),
        served.broken(usize::MAX, None),
    ];
    let times = Timeouts::default().idle(Duration::from_secs(30));
    let model =
        Anthropic::new("m", "a key").transport(Bodies(Mutex::new(bodies.into()))).timeouts(times);
    let agent = Agent::new(model).tools(tools.clone());
    let mut chat = agent.conversation(Transcript::default());
    let ended = chat.send("go").await;
    let before = chat.transcript().results().count();
    match &ended {
        Ok(outcome) => {
            assert_eq!(before, 3, "{:?}", outcome.transcript());
            let all = outcome.transcript().results().all(|r| r.status() == CallStatus::Completed);
            assert!(all, "{:?}", outcome.transcript());
        }
        // Not every fault is worth another attempt.
        Err(_) => assert_eq!((before, diary.count("poke a begins")), (0, 0), "{:?}", diary.lines()),
    }
    assert_goes_on(&mut chat, diary).await;
}

/// A fault after each byte, then one at another byte, then the whole answer. How many faults there were.
fn after_every_byte(calls: &[(&str, &str)]) -> usize {
    let served = Served::new(calls);
    let (runtime, mut faults) = (paused(), 0);
    // One toolset for all: what a run would leave behind in its ledger holds the next one up.
    let diary = runtime.block_on(async { Diary::new() });
    let tools = diary.few_tools();
    for at in 0..served.length {
        for (which, fault) in FAULTS.into_iter().enumerate() {
            let other = (at * 7919 + which * 104_729) % served.length;
            let second = (other, FAULTS[(at + which) % FAULTS.len()]);
            let guard = Told(format!("{fault:?} after {at} bytes, then {second:?}"));
            runtime.block_on(disturbed((&diary, &tools), &served, (at, fault), second));
            std::mem::forget(guard);
            faults += 2;
        }
    }
    say(&format!("{faults} faults in {} bytes, no violation", served.length));
    faults
}

/// The read ends before the stream does, mostly; the slow tool does not.
#[test]
fn a_fault_after_every_byte_of_a_read_a_write_and_a_slow_call() {
    let faults = after_every_byte(&[
        ("peek", r#"{"path":"b","ms":5}"#),
        ("poke", r#"{"path":"a","ms":5}"#),
        ("think", r#"{"ms":500}"#),
    ]);
    assert!(faults >= 10_000, "{faults}");
}

/// The read has to see the write before it.
#[test]
fn a_fault_after_every_byte_of_a_write_a_read_of_it_and_a_slow_call() {
    let faults = after_every_byte(&[
        ("think", r#"{"ms":20}"#),
        ("poke", r#"{"path":"a","ms":5}"#),
        ("peek", r#"{"path":"a","ms":5}"#),
    ]);
    assert!(faults >= 10_000, "{faults}");
}
