//! Recorded exchanges: read, served to an agent, and asked for again.

use agent_core::providers::Anthropic;
use agent_core::transport::{Body, Transport};
use agent_core::{
    Access, Agent, BoxFuture, Content, DynamicTool, ModelError, Outcome, ParallelToolCalls,
    Response, RunError, RunErrorKind, ToolCall, ToolChoice, ToolContext, Toolset, ToolsetError,
    Transcript,
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The folder with the recordings; without one it says that `test` is skipped.
pub(crate) fn folder(test: &str) -> Option<PathBuf> {
    let folder = env::var_os("AGENT_RECORDINGS").map(PathBuf::from);
    if folder.is_none() {
        say(&format!("skipped: {test}: AGENT_RECORDINGS is not set"));
    }
    folder
}

/// Past the capture of the test harness: how much was proven is worth knowing when all is well.
pub(crate) fn say(line: &str) {
    _ = writeln!(std::io::stderr(), "{line}");
}

#[derive(Clone, Deserialize)]
pub(crate) struct Recording {
    /// The file's name without `.json`.
    #[serde(skip)]
    pub(crate) name: String,
    dialect: String,
    pub(crate) stream: bool,
    pub(crate) request: Option<Asked>,
    pub(crate) response: Answer,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Box<RawValue>,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body_text: String,
}

impl Recording {
    /// A body as a value, for comparisons in which order and spelling are no matter.
    pub(crate) fn asked(&self) -> Value {
        serde_json::from_str(self.request.as_ref().unwrap().body.get()).unwrap()
    }

    /// The name of its conversation, and which step of it this is, from 1.
    pub(crate) fn step(&self) -> (&str, usize) {
        match self.name.rsplit_once('.') {
            Some((conversation, step)) => (conversation, step.parse().unwrap()),
            None => (&self.name, 1),
        }
    }
}

/// All recordings of the Messages API, by name.
pub(crate) fn recordings(folder: &Path) -> Vec<Recording> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let json = files.filter(|file| file.extension().is_some_and(|kind| kind == "json"));
    let read = json.map(|file| {
        let text = fs::read_to_string(&file).unwrap();
        let recording: Recording = serde_json::from_str(&text).unwrap();
        Recording { name: file.file_stem().unwrap().to_str().unwrap().to_owned(), ..recording }
    });
    let mut recordings: Vec<_> = read.filter(|it| it.dialect == "anthropic").collect();
    recordings.sort_by(|one, other| one.name.cmp(&other.name));
    recordings
}

/// The names that the index of the recordings lists, with `whole` or `stream` and the status.
pub(crate) fn index(folder: &Path) -> Vec<(String, String, u16)> {
    let index = fs::read_to_string(folder.join("INDEX.md")).unwrap();
    let rows = index.lines().filter_map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let name = cells.first()?.strip_suffix(".json")?;
        let (what, _) = cells.last()?.split_once(':')?;
        let [dialect, mode, status] = what.split(", ").collect::<Vec<_>>().try_into().ok()?;
        let row = (name.to_owned(), mode.to_owned(), status.parse().unwrap());
        (dialect == "anthropic").then_some(row)
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

/// The recordings of whole answers, of success or not: those that the index lists.
pub(crate) fn whole(folder: &Path, is_success: bool) -> Vec<Recording> {
    let fits = |is_whole: bool, status: u16| is_whole && (status == 200) == is_success;
    let mut all = recordings(folder);
    all.retain(|it| fits(!it.stream, it.response.status));
    let mut listed = index(folder);
    listed.retain(|(_, mode, status)| fits(mode == "whole", *status));
    let names = |it: &Recording| it.name.clone();
    let listed: Vec<_> = listed.into_iter().map(|(name, ..)| name).collect();
    assert_eq!(all.iter().map(names).collect::<Vec<_>>(), listed);
    assert!(!all.is_empty(), "none in {}", folder.display());
    all
}

/// A whole answer of success.
pub(crate) fn ok(body: impl Into<String>) -> Answer {
    let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
    Answer { status: 200, headers, body_text: body.into() }
}

/// The last word of a model.
pub(crate) fn done() -> Answer {
    ok(r#"{"content":[{"type":"text","text":"done"}],"stop_reason":"end_turn"}"#)
}

/// Serves answers one after another, and keeps what it was asked.
pub(crate) struct Served {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<http::Request<Bytes>>>,
}

impl Served {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        let answers = Mutex::new(answers.into_iter().collect());
        Arc::new(Self { answers, asked: Mutex::default() })
    }

    pub(crate) fn asked(&self) -> Vec<http::Request<Bytes>> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        let text = |request: &http::Request<Bytes>| request.body().to_vec();
        self.asked().iter().map(|request| String::from_utf8(text(request)).unwrap()).collect()
    }
}

impl Transport for Served {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
        self.asked.lock().unwrap().push(request);
        let next = self.answers.lock().unwrap().pop_front();
        Box::pin(async {
            let answer = next.ok_or_else(|| ModelError::new("no answer is left"))?;
            let mut head = http::Response::builder().status(answer.status);
            for (name, value) in &answer.headers {
                head = head.header(name, value);
            }
            Ok(head.body(Body::from(answer.body_text)).unwrap())
        })
    }
}

/// What the tools answer, by the ids of their calls.
pub(crate) type Results = Arc<HashMap<String, String>>;

/// An agent that is asked as the client of a recorded request was.
pub(crate) fn agent(
    asked: &Value,
    results: &Results,
    transport: &Arc<Served>,
) -> Result<Agent, ToolsetError> {
    const AGENTS: [&str; 6] = ["messages", "model", "stream", "system", "tool_choice", "tools"];
    let mut model =
        Anthropic::new(text(&asked["model"]), "no key at all").transport(transport.clone());
    model = model.streaming(asked["stream"] == true);
    let fields = asked.as_object().unwrap().iter();
    for (name, value) in fields.filter(|(name, _)| !AGENTS.contains(&name.as_str())) {
        model = model.field(name, value);
    }
    let mut toolset = Toolset::default();
    for tool in list(&asked["tools"]) {
        if tool.get("input_schema").is_none() {
            model = model.server_tool(tool.clone());
        } else {
            toolset = toolset.and(runtime_tool(tool, results.clone()))?;
        }
    }
    let choice = &asked["tool_choice"];
    let mut agent = Agent::new(model).tools(toolset).tool_choice(match &choice["type"] {
        Value::Null => ToolChoice::Auto,
        kind => match text(kind) {
            "auto" => ToolChoice::Auto,
            "any" => ToolChoice::Any,
            "tool" => ToolChoice::Named(text(&choice["name"]).into()),
            other => panic!("tool choice {other}"),
        },
    });
    if choice["disable_parallel_tool_use"] == true {
        agent = agent.parallel_tool_calls(ParallelToolCalls::Never);
    }
    let system = &asked["system"];
    Ok(match (system.as_str(), list(system)) {
        (Some(system), _) => agent.system(system),
        (None, [one]) => agent.system(text(&one["text"])),
        _ => agent,
    })
}

/// The description that a recorded tool without one gets: ours cannot be without.
pub(crate) const UNDESCRIBED: &str = "(no description)";

fn runtime_tool(tool: &Value, results: Results) -> DynamicTool {
    let body = move |_, call: ToolContext| {
        let result = results.get(call.id()).cloned();
        async move { result.ok_or("no result of this call is recorded") }
    };
    let described = text(&tool["description"]);
    let described = if described.is_empty() { UNDESCRIBED } else { described };
    DynamicTool::new(
        text(&tool["name"]),
        described,
        tool["input_schema"].clone(),
        Access::Pure,
        body,
    )
}

/// The results of the calls in a recorded request.
pub(crate) fn results(asked: &Value) -> HashMap<String, String> {
    let blocks = list(&asked["messages"]).iter().flat_map(|message| list(&message["content"]));
    let results = blocks.filter(|block| block["type"] == "tool_result").map(|block| {
        let content = &block["content"];
        let result = match list(content) {
            [] => text(content),
            [one] => text(&one["text"]),
            more => panic!("a result of {} parts", more.len()),
        };
        (text(&block["tool_use_id"]).to_owned(), result.to_owned())
    });
    results.collect()
}

/// What the user of a recorded request said first.
pub(crate) fn first_words(asked: &Value) -> &str {
    text(&asked["messages"][0]["content"][0]["text"])
}

/// A request for answers that were recorded without theirs.
pub(crate) fn some_request() -> Value {
    let hello = json!([{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]);
    json!({"model": "claude-of-the-test", "max_tokens": 1024, "messages": hello})
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The content of an answer or of a message, block by block as it is spelled.
pub(crate) fn blocks(text: &str) -> Vec<&RawValue> {
    #[derive(Deserialize)]
    struct Content<'a> {
        #[serde(borrow)]
        content: Vec<&'a RawValue>,
    }
    serde_json::from_str::<Content<'_>>(text).unwrap().content
}

/// The messages of a request, each as it is spelled.
pub(crate) fn messages(text: &str) -> Vec<&RawValue> {
    #[derive(Deserialize)]
    struct Messages<'a> {
        #[serde(borrow)]
        messages: Vec<&'a RawValue>,
    }
    serde_json::from_str::<Messages<'_>>(text).unwrap().messages
}

pub(crate) fn spelled(blocks: &[&RawValue]) -> Vec<String> {
    blocks.iter().map(|block| block.get().to_owned()).collect()
}

/// Runs an agent that gets this answer, and then a last word.
pub(crate) async fn run(asked: &Value, answer: Answer) -> (Result<Outcome, RunError>, Arc<Served>) {
    let served = Served::new([answer, done()]);
    let agent = agent(asked, &Results::default(), &served).unwrap();
    (agent.run(first_words(asked)).await, served)
}

pub(crate) fn model_error(error: &RunError) -> &ModelError {
    match error.kind() {
        RunErrorKind::Model(error) => error,
        other => panic!("{other}"),
    }
}

pub(crate) fn first_response(transcript: &Transcript) -> &Response {
    transcript.responses().next().unwrap()
}

/// What a block says, read in another way than ours.
pub(crate) fn view(block: &RawValue) -> Content {
    let Ok(parts) = serde_json::from_str::<BTreeMap<String, &RawValue>>(block.get()) else {
        return Content::Opaque;
    };
    let part = |name: &str| parts.get(name).map(|part| part.get());
    let string = |name: &str| serde_json::from_str::<String>(part(name)?).ok();
    match (string("type").as_deref(), string("text"), string("thinking")) {
        (Some("text"), Some(text), _) => Content::Text(text),
        (Some("thinking"), _, Some(thinking)) => Content::Thinking(thinking),
        (Some("tool_use"), ..) => {
            let [id, name] = ["id", "name"].map(|it| string(it).unwrap_or_default());
            let input = part("input").filter(|input| *input != "null");
            Content::ToolCall(ToolCall::new(id, name, input.unwrap_or_default()))
        }
        _ => Content::Opaque,
    }
}
