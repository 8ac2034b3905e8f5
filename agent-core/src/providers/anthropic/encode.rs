//! Encodes the body of a request.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::Arc;

use super::messages::{WireMessage, messages};
use super::settings::{Settings, configuration};
use super::tools::ToolsCache;
use crate::error::ModelError;
use crate::model::{ParallelToolCalls, Request, ToolChoice};
use crate::transcript::StopReason;

/// The fields that users cannot set, each with what to use instead.
const OWN: [(&str, &str); 6] = [
    ("model", "`Anthropic::new` or `from_env` names it"),
    ("system", "set it by `Agent::system`"),
    ("tools", "set them by `Agent::tools`, and those of the API by `Anthropic::server_tool`"),
    ("tool_choice", "set it by `Agent::tool_choice`"),
    ("messages", "they are the transcript"),
    ("stream", "set it by `Anthropic::streaming`"),
];

pub(super) fn body(
    settings: &Settings,
    tools: &ToolsCache,
    request: &Request<'_>,
) -> Result<Vec<u8>, ModelError> {
    if let Some((own, why)) = OWN.iter().find(|(own, _)| settings.fields.contains_key(*own)) {
        return Err(configuration(format!("the field `{own}` cannot be set: {why}")));
    }
    let messages = messages(settings, request.transcript())?;
    // Models refuse to continue after an assistant message, except where the API paused the turn.
    let last = request.transcript().responses().next_back();
    let paused = last.is_some_and(|last| *last.stop_reason() == StopReason::Paused);
    if messages.last().is_none_or(|last| last.is_assistants() && !paused) {
        return Err(configuration("there is nothing to answer: the input is empty"));
    }
    let body = WireBody {
        settings,
        system: request.system().filter(|system| !system.trim().is_empty()),
        tools: tools.json(settings, request.shared_tools())?,
        choice: choice(settings, request)?,
        messages,
    };
    serde_json::to_vec(&body).map_err(|error| configuration("no JSON").caused_by(error))
}

struct WireBody<'a> {
    settings: &'a Settings,
    system: Option<&'a str>,
    tools: Option<Arc<RawValue>>,
    choice: Option<WireChoice>,
    messages: Vec<WireMessage<'a>>,
}

impl Serialize for WireBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Settings { model, fields, cache, streaming, .. } = self.settings;
        let cache = cache.mark();
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("model", model)?;
        if *streaming {
            body.serialize_entry("stream", &true)?;
        }
        for (name, value) in fields {
            body.serialize_entry(name, value)?;
        }
        // At the top level the mark applies to the last message of each request, so no message
        // changes.
        if let Some(cache) = cache.as_ref().filter(|_| !fields.contains_key("cache_control")) {
            body.serialize_entry("cache_control", cache)?;
        }
        if let Some(text) = self.system {
            let system = SystemText { kind: "text", text, cache_control: cache };
            body.serialize_entry("system", &[system])?;
        }
        if let Some(tools) = &self.tools {
            body.serialize_entry("tools", tools)?;
        }
        if let Some(choice) = &self.choice {
            body.serialize_entry("tool_choice", choice)?;
        }
        body.serialize_entry("messages", &self.messages)?;
        body.end()
    }
}

/// Must be the same in all requests of a run: a change invalidates the cached messages.
fn choice(settings: &Settings, request: &Request<'_>) -> Result<Option<WireChoice>, ModelError> {
    if request.tools().is_empty() && settings.server_tools.is_empty() {
        return match request.tool_choice() {
            ToolChoice::Auto | ToolChoice::None => Ok(None),
            _ => Err(configuration("the tool choice requires a call, and the agent has no tools")),
        };
    }
    let at_most_one = request.parallel_tool_calls() == ParallelToolCalls::Never;
    let (kind, name, at_most_one) = match request.tool_choice() {
        ToolChoice::Auto if !at_most_one => return Ok(None),
        ToolChoice::Auto => ("auto", None, true),
        ToolChoice::Any => ("any", None, at_most_one),
        ToolChoice::None => ("none", None, false),
        ToolChoice::Named(name) => {
            check_is_tool(settings, request, name)?;
            ("tool", Some(name.clone()), at_most_one)
        }
    };
    Ok(Some(WireChoice { kind, name, disable_parallel_tool_use: at_most_one }))
}

fn check_is_tool(settings: &Settings, request: &Request<'_>, name: &str) -> Result<(), ModelError> {
    let known = request.tools().iter().any(|tool| tool.name() == name);
    let served =
        settings.server_tools.iter().any(|tool| tool.get("name").is_some_and(|its| its == name));
    if known || served {
        return Ok(());
    }
    Err(configuration(format!("the tool choice names `{name}`, which is not a tool of the agent")))
}

#[derive(Serialize)]
struct SystemText<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<Value>,
}

#[derive(Serialize)]
struct WireChoice {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Arc<str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disable_parallel_tool_use: bool,
}
