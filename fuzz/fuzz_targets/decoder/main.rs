//! Any bytes as the stream of an answer.
//!
//! However they are cut, the same is told of it and the response is the same. What was told is in the
//! response. Under small limits it is the same response or too large, in bounded memory. A run on it
//! writes nothing unless the response has ended in order to have calls made, and what follows is a
//! conversation that can be sent, saved and read again.

#![no_main]

mod answer;
mod run;

use agent_core::providers::Anthropic;
use agent_core::{
    Agent, BoxFuture, Content, Delta, Limits, Model, ModelError, ModelErrorKind, Request, Response,
    ToolCall,
};
use allocation_counter::measure;
use answer::{Cut, Server};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use std::cell::LazyCell;
use std::sync::{Arc, Mutex};
use tokio::runtime::{self, Runtime};

/// The limits of the second time, and how many bytes may be held for each byte of an answer in them.
const EVENT: usize = 512;
const RESPONSE: usize = 2048;
const HELD: u64 = 40;
/// What an answer costs that says nothing.
const BASE: u64 = 32 << 10;

thread_local! {
    static RUNTIME: LazyCell<Runtime> =
        LazyCell::new(|| runtime::Builder::new_current_thread().enable_time().build().unwrap());
}

fuzz_target!(|body: &[u8]| {
    let whole = take(Cut::Nowhere.pieces(body), Limits::default()).0;
    let small = if body.len() < 1024 { 1 } else { 7 };
    for cut in [Cut::Every(small), Cut::Anywhere] {
        let came = take(cut.pieces(body), Limits::default()).0;
        assert_eq!(came, whole, "cut {cut:?}");
    }
    if let Ok(response) = &whole.response {
        whole.is_in(response);
    }
    let limits = Limits::default().with_event_bytes(EVENT).with_response_bytes(RESPONSE);
    let (came, held) = take(Cut::Anywhere.pieces(body), limits);
    assert!(held <= BASE + HELD * RESPONSE as u64, "{held} bytes are held");
    if came.response.as_ref().err().is_none_or(|(kind, _)| *kind != ModelErrorKind::TooLarge) {
        assert_eq!(came, whole, "under limits");
    }
    run::run(Cut::Anywhere.pieces(body), whole.response.ok().as_ref());
});

/// What came of an answer.
#[derive(Debug, PartialEq)]
struct Came {
    told: Vec<Told>,
    response: Result<Response, (ModelErrorKind, String)>,
}

#[derive(Debug, PartialEq)]
enum Told {
    Text(String),
    Thinking(String),
    Call(String, String),
    Arguments(String),
    Complete(ToolCall),
}

impl From<Delta<'_>> for Told {
    fn from(delta: Delta<'_>) -> Self {
        match delta {
            Delta::Text(text) => Self::Text(text.to_owned()),
            Delta::Thinking(text) => Self::Thinking(text.to_owned()),
            Delta::Call { id, name } => Self::Call(id.to_owned(), name.to_owned()),
            Delta::Arguments(json) => Self::Arguments(json.to_owned()),
            Delta::CallDone(call) => Self::Complete(call.clone()),
            other => panic!("{other:?}"),
        }
    }
}

impl Came {
    fn is_in(&self, response: &Response) {
        let complete: Vec<_> = self.told.iter().filter_map(Told::complete).collect();
        let calls: Vec<_> = response.calls().take(complete.len()).collect();
        assert_eq!(complete, calls, "calls that were told to be complete");

        let told = |told: &Told| match told {
            Told::Text(text) | Told::Thinking(text) => text.len(),
            _ => 0,
        };
        let said = response.blocks().iter().map(|block| match block.content() {
            Content::Text(text) | Content::Thinking(text) => text.len(),
            _ => 0,
        });
        assert_eq!(self.told.iter().map(told).sum::<usize>(), said.sum::<usize>(), "texts told");
    }
}

impl Told {
    fn complete(&self) -> Option<&ToolCall> {
        match self {
            Self::Complete(call) => Some(call),
            _ => None,
        }
    }
}

/// Takes an answer, and counts the bytes that are held for it at most.
fn take(pieces: Vec<Bytes>, limits: Limits) -> (Came, u64) {
    let model = Anthropic::new("m", "a key").transport(Server::new(pieces));
    let came = Arc::default();
    let agent = Agent::new(Ear { model, came: Arc::clone(&came) }).limits(limits);
    let held = RUNTIME.with(|runtime| measure(|| _ = runtime.block_on(agent.run("Hello"))));
    let came = came.lock().unwrap().take();
    (came.expect("the model was asked"), held.bytes_max)
}

/// Listens to a model, and keeps what comes from those who ask.
struct Ear {
    model: Anthropic,
    came: Arc<Mutex<Option<Came>>>,
}

impl Model for Ear {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let told = Mutex::new(Vec::new());
            let hear = |delta: Delta<'_>| told.lock().unwrap().push(delta.into());
            let response = self.model.ask(request.with_sink(&hear)).await;
            let response = response.map_err(|error| (error.kind(), error.to_string()));
            let told = told.into_inner().unwrap();
            *self.came.lock().unwrap() = Some(Came { told, response });
            Ok(Response::new())
        })
    }
}
