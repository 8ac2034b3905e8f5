//! A run whose first answer is this one.

use agent_core::providers::Anthropic;
use agent_core::{
    Agent, CallStatus, Limits, Response, StopReason, ToolResult, Toolset, Transcript, tool, tools,
};
use bytes::Bytes;
use serde_json::value::RawValue;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::RUNTIME;
use crate::answer::Server;

#[derive(Clone, Default)]
struct Notes(Arc<AtomicUsize>);

/// Look at something.
#[tool(read, inline)]
fn look(path: Option<String>) -> Option<String> {
    path
}

/// Note something.
#[tool(write, inline)]
fn note(notes: &Notes, text: Option<String>) {
    drop(text);
    notes.0.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn run(pieces: Vec<Bytes>, response: Option<&Response>) {
    let (notes, server) = (Notes::default(), Server::new(pieces));
    let model = Anthropic::new("m", "a key").transport(server.clone());
    let tools: Toolset = tools![look, note].with_state(notes.clone());
    let agent =
        Agent::new(model).tools(tools).limits(Limits::default().with_retries(0)).max_turns(3);
    let ended = RUNTIME.with(|runtime| runtime.block_on(agent.run("Hello")));
    let transcript = match &ended {
        Ok(outcome) => outcome.transcript(),
        Err(error) => error.transcript(),
    };

    let wants_calls = response.is_some_and(|it| *it.stop_reason() == StopReason::ToolUse);
    let written = notes.0.load(Ordering::Relaxed);
    let done = |result: &&ToolResult| result.status() == CallStatus::Completed;
    let done = transcript.results().filter(done).count();
    assert!(written <= done && (wants_calls || written == 0), "{written} written, {done} done");

    let saved = serde_json::to_string(transcript).expect("it can be saved");
    let read: Transcript = serde_json::from_str(&saved).expect("it can be read again");
    assert_eq!(read, *transcript, "saved");

    let asked = server.asked.lock().unwrap();
    for body in asked.iter() {
        serde_json::from_str::<&RawValue>(body).expect("a request is JSON");
    }
    for pair in asked.windows(2) {
        let before = pair[0].strip_suffix("]}").expect("messages are the last of it");
        assert!(pair[1].starts_with(before), "{}\n{}", pair[0], pair[1]);
    }
}
