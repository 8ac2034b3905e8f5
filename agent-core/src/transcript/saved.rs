use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::HashSet;

use super::message::Message;
use super::response::Response;
use super::result::ToolResult;
use super::transcript::Transcript;

const VERSION: u32 = 1;

/// The error of a history that a provider would reject, with the place of its first fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("messages[{at}]: {problem}")]
pub struct InvalidTranscript {
    at: usize,
    problem: &'static str,
}

impl TryFrom<Vec<Message>> for Transcript {
    type Error = InvalidTranscript;

    /// Accepts a history in which each call has exactly one result, directly after its response and
    /// in call order.
    fn try_from(messages: Vec<Message>) -> Result<Self, InvalidTranscript> {
        let mut before = None;
        for (at, message) in messages.iter().enumerate() {
            check(before, message).map_err(|problem| InvalidTranscript { at, problem })?;
            before = Some(message);
        }
        let last = messages.len().saturating_sub(1);
        match open_calls(before) {
            None => Ok(Self { messages }),
            Some(_) => Err(InvalidTranscript { at: last, problem: "its calls have no results" }),
        }
    }
}

fn check(before: Option<&Message>, message: &Message) -> Result<(), &'static str> {
    match (open_calls(before), message) {
        (Some(response), Message::Results(results)) => pairs(response, results),
        (Some(_), _) => Err("the calls of the response before it have no results"),
        (None, Message::Results(_)) => Err("results without calls before them"),
        (None, Message::Assistant(response)) => unique_ids(response),
        (None, Message::User(_)) => Ok(()),
    }
}

fn open_calls(message: Option<&Message>) -> Option<&Response> {
    let response = message?.as_response()?;
    response.calls().next().map(|_| response)
}

fn pairs(response: &Response, results: &[ToolResult]) -> Result<(), &'static str> {
    if response.calls().count() != results.len() {
        return Err("a response needs exactly one result for each of its calls");
    }
    let mut pairs = response.calls().zip(results);
    match pairs.all(|(call, result)| call.id == result.call_id) {
        true => Ok(()),
        false => Err("results need the ids of the calls before them, in call order"),
    }
}

fn unique_ids(response: &Response) -> Result<(), &'static str> {
    let mut seen = HashSet::new();
    match response.calls().all(|call| !call.id.is_empty() && seen.insert(&call.id)) {
        true => Ok(()),
        false => Err("each call of a response needs a unique id"),
    }
}

#[derive(Serialize)]
struct Saved<'a> {
    version: u32,
    messages: &'a [Message],
}

#[derive(Deserialize)]
#[serde(rename = "Transcript")]
struct Loaded {
    version: u32,
    messages: Vec<Message>,
}

impl Serialize for Transcript {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Saved { version: VERSION, messages: &self.messages }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Transcript {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let loaded = Loaded::deserialize(deserializer)?;
        if loaded.version != VERSION {
            let found = loaded.version;
            return Err(D::Error::custom(format_args!(
                "transcript version {found} is not known, only {VERSION}"
            )));
        }
        Self::try_from(loaded.messages).map_err(D::Error::custom)
    }
}
