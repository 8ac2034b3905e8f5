//! A test's share of the mock server, and the ways in which it is asked.

use agent_core::providers::Anthropic;
use agent_core::transport::{Body, Http, Transport};
use agent_core::{Agent, BoxFuture, ModelError, Outcome, RunError, tool, tools};
use bytes::Bytes;
use serde_json::Value;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

use super::told;
use agent_tests::support::watched::watched;

pub(crate) const KEY: &str = "a-key-that-nobody-may-see";

/// What the tools work with.
#[derive(Clone, Default)]
pub(crate) struct Desk(Arc<Papers>);

#[derive(Default)]
pub(crate) struct Papers {
    /// How many calls have run.
    ran: AtomicUsize,
    notes: Mutex<BTreeMap<String, String>>,
}

impl Desk {
    async fn work(&self, time: u64) {
        self.0.ran.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(time)).await;
    }
}

/// The weather in a city.
#[tool(read)]
pub(crate) async fn get_weather(desk: &Desk, city: &str) -> String {
    // The first call of two ends last.
    desk.work(if city == "Paris" { 40 } else { 20 }).await;
    format!("fine in {city}")
}

/// An item by its number.
#[tool(read)]
pub(crate) async fn fetch_item(desk: &Desk, id: u64) -> String {
    desk.work(60 - 2 * id).await;
    format!("item {id}")
}

/// The time.
#[tool(pure)]
pub(crate) async fn now(desk: &Desk) -> &'static str {
    desk.work(20).await;
    "12:00"
}

/// Read a note.
#[tool(read)]
pub(crate) async fn read_note(desk: &Desk, key: String) -> Option<String> {
    desk.work(20).await;
    desk.0.notes.lock().unwrap().get(&key).cloned()
}

/// Write a note.
#[tool(write)]
pub(crate) async fn write_note(desk: &Desk, key: String, value: String) {
    desk.work(20).await;
    desk.0.notes.lock().unwrap().insert(key, value);
}

/// Sends by HTTP, and keeps what was sent.
#[derive(Clone)]
struct Wire {
    http: Http,
    sent: Arc<Mutex<Vec<String>>>,
}

impl Transport for Wire {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        self.sent.lock().unwrap().push(body);
        self.http.send(request)
    }
}

/// How a model is asked, and who hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The answer comes in events, and the run is awaited.
    Streamed,
    /// The answer comes in events, and so does the run.
    Watched,
    /// The answer comes whole, and the run is awaited.
    Whole,
}

/// A test's share of the server.
pub(crate) struct Mock {
    url: String,
    /// Starts what the server does once again, and makes the conversation one of its own.
    pub(crate) fresh: String,
    word: &'static str,
    pub(crate) way: Way,
    wire: Wire,
    pub(crate) desk: Desk,
}

/// Nothing if there is no server.
pub(crate) fn mock(word: &'static str) -> Option<Mock> {
    asked(word, Way::Streamed)
}

/// One for each way; none if there is no server.
pub(crate) fn mocks(word: &'static str) -> impl Iterator<Item = Mock> {
    let ways = [Way::Streamed, Way::Watched, Way::Whole];
    ways.into_iter().map_while(move |way| asked(word, way))
}

fn asked(word: &'static str, way: Way) -> Option<Mock> {
    let Ok(url) = std::env::var("AGENT_MOCK_SERVER") else {
        let why = "AGENT_MOCK_SERVER is not set";
        writeln!(std::io::stderr(), "skipped: mock_server {word}: {why}").unwrap();
        return None;
    };
    let fresh = format!("{:016x}", RandomState::new().hash_one(word));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let wire = Wire { http: client.into(), sent: Arc::default() };
    Some(Mock { url, fresh, word, way, wire, desk: Desk::default() })
}

impl Mock {
    /// What the user says first.
    pub(crate) fn words(&self) -> String {
        format!("{} {}", self.word, self.fresh)
    }

    pub(crate) fn is_streamed(&self) -> bool {
        self.way != Way::Whole
    }

    pub(crate) fn model(&self) -> Anthropic {
        self.model_called("claude-mock")
    }

    pub(crate) fn model_called(&self, name: &str) -> Anthropic {
        Anthropic::new(name, KEY)
            .base_url(&self.url)
            .header("x-test-id", &self.fresh)
            .streaming(self.is_streamed())
            .transport(self.wire.clone())
    }

    pub(crate) fn agent_of(&self, model: Anthropic) -> Agent {
        let tools = tools![get_weather, fetch_item, now, read_note, write_note];
        Agent::new(model).tools(tools.with_state(self.desk.clone()))
    }

    pub(crate) fn agent(&self) -> Agent {
        self.agent_of(self.model())
    }

    /// Runs the agent, and compares what is told of it with what comes of it.
    pub(crate) async fn run_of(&self, agent: &Agent) -> Result<Outcome, RunError> {
        match self.way {
            Way::Watched => {
                let watched = watched(agent.stream(self.words())).await;
                told::agrees(&watched);
                watched.outcome
            }
            Way::Streamed | Way::Whole => agent.run(self.words()).await,
        }
    }

    pub(crate) async fn run(&self) -> Outcome {
        self.run_of(&self.agent()).await.unwrap()
    }

    pub(crate) async fn fail(&self) -> RunError {
        self.run_of(&self.agent()).await.unwrap_err()
    }

    /// How many calls have run.
    pub(crate) fn ran(&self) -> usize {
        self.desk.0.ran.load(Ordering::Relaxed)
    }

    /// The requests so far, each of which repeats the bytes of the one before it.
    pub(crate) fn sent(&self) -> Vec<String> {
        let sent = self.wire.sent.lock().unwrap().clone();
        for pair in sent.windows(2) {
            let before = pair[0].strip_suffix("]}").unwrap();
            assert!(pair[1].starts_with(before), "{}\n{}", pair[0], pair[1]);
        }
        sent
    }

    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.sent().iter().map(|body| serde_json::from_str(body).unwrap()).collect()
    }
}
