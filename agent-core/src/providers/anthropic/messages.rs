//! Encodes a transcript as the messages of a request. A transcript only grows, so earlier messages
//! never change and stay cached.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;

use super::settings::{DIALECT, Settings, configuration};
use crate::error::ModelError;
use crate::providers::json_members::{members, value};
use crate::transcript::{
    Content, ContentBlock, Media, MediaSource, Message, Part, Response, ToolCall, ToolResult,
    Transcript,
};

#[derive(Serialize)]
pub(super) struct WireMessage<'a> {
    role: &'static str,
    content: Vec<WireBlock<'a>>,
}

impl WireMessage<'_> {
    pub(super) fn is_assistants(&self) -> bool {
        self.role == "assistant"
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WireBlock<'a> {
    Text {
        text: Cow<'a, str>,
    },
    Image {
        source: WireSource<'a>,
    },
    Document {
        source: WireSource<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: Cow<'a, str>,
        input: Cow<'a, RawValue>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        content: WireContent<'a>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
    /// A block that the API sent, unchanged.
    #[serde(untagged)]
    Raw(&'a RawValue),
}

#[derive(Serialize)]
#[serde(untagged)]
enum WireContent<'a> {
    Text(&'a str),
    Blocks(Vec<WireBlock<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WireSource<'a> {
    Base64 { media_type: &'a str, data: &'a str },
    Text { media_type: &'static str, data: Cow<'a, str> },
    Url { url: &'a str },
}

pub(super) fn messages<'a>(
    settings: &Settings,
    transcript: &'a Transcript,
) -> Result<Vec<WireMessage<'a>>, ModelError> {
    let mut messages = Vec::with_capacity(transcript.messages().len());
    for (at, message) in transcript.messages().iter().enumerate() {
        let (role, content) = match message {
            Message::User(parts) => ("user", said(parts, at)?),
            Message::Assistant(response) => ("assistant", answered(settings, response)),
            Message::Results(results) => ("user", results.iter().map(result).collect()),
        };
        // The API rejects a message without content, and a model's last response can be empty.
        if !content.is_empty() {
            messages.push(WireMessage { role, content });
        }
    }
    Ok(messages)
}

fn said(parts: &[Part], at: usize) -> Result<Vec<WireBlock<'_>>, ModelError> {
    let block = |part| {
        block(part).map_err(|why| configuration(format!("messages[{at}] of the transcript: {why}")))
    };
    parts.iter().filter(|part| !is_empty(part)).map(block).collect()
}

/// The API rejects blank texts of users.
fn is_empty(part: &Part) -> bool {
    matches!(part, Part::Text(text) if text.trim().is_empty())
}

fn block(part: &Part) -> Result<WireBlock<'_>, String> {
    match part {
        Part::Text(text) => Ok(WireBlock::Text { text: (&**text).into() }),
        Part::Image(image) => Ok(WireBlock::Image { source: image_source(image)? }),
        Part::Document(document) => {
            let (source, title) = (document_source(document)?, document.title());
            Ok(WireBlock::Document { source, title })
        }
    }
}

fn image_source(image: &Media) -> Result<WireSource<'_>, String> {
    const TAKEN: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
    match (image.source(), image.media_type()) {
        (MediaSource::Url(url), _) => Ok(WireSource::Url { url }),
        (MediaSource::Base64(data), media_type) if TAKEN.contains(&media_type) => {
            Ok(WireSource::Base64 { media_type, data })
        }
        (_, other) => Err(format!("an image of type {other}: JPEG, PNG, GIF and WebP are taken")),
    }
}

fn document_source(document: &Media) -> Result<WireSource<'_>, String> {
    let text = |data| Ok(WireSource::Text { media_type: "text/plain", data });
    match (document.source(), document.media_type()) {
        (MediaSource::Url(url), _) => Ok(WireSource::Url { url }),
        (MediaSource::Text(data), _) => text(Cow::Borrowed(&**data)),
        (MediaSource::Base64(data), "application/pdf") => {
            Ok(WireSource::Base64 { media_type: "application/pdf", data })
        }
        (MediaSource::Base64(data), other) => {
            let plain = STANDARD.decode(&**data).ok().filter(|_| other.starts_with("text/"));
            match plain.and_then(|plain| String::from_utf8(plain).ok()) {
                Some(plain) => text(Cow::Owned(plain)),
                None => Err(format!("a document of type {other}: PDF and text are taken")),
            }
        }
    }
}

fn result(result: &ToolResult) -> WireBlock<'_> {
    let content = match result.more() {
        // The API rejects an error without text, in this request and in every later one.
        [] if result.is_error() && result.text().trim().is_empty() => WireContent::Text("failed"),
        [] => WireContent::Text(result.text()),
        more => {
            let text = (!result.text().trim().is_empty())
                .then(|| WireBlock::Text { text: result.text().into() });
            // The API would reject this request and every later one, so the part is replaced by a
            // note.
            let tell = |why| WireBlock::Text { text: Cow::Owned(format!("[not sent: {why}]")) };
            let more = more.iter().filter(|part| !is_empty(part));
            let more = more.map(|part| block(part).unwrap_or_else(tell));
            match text.into_iter().chain(more).collect::<Vec<_>>() {
                blocks if blocks.is_empty() => WireContent::Text("nothing"),
                blocks => WireContent::Blocks(blocks),
            }
        }
    };
    let (tool_use_id, is_error) = (id(result.call_id()), result.is_error());
    WireBlock::ToolResult { tool_use_id, content, is_error }
}

/// Encodes the blocks of a response: those that the API sent go back unchanged.
///
/// Thinking blocks are signed, and only the model that wrote them accepts them.
fn answered<'a>(settings: &Settings, response: &'a Response) -> Vec<WireBlock<'a>> {
    let origin = response.origin().filter(|origin| *origin.dialect == *DIALECT);
    let thoughts = origin.is_some_and(|origin| origin.asked == settings.model);
    let keep = |block: &&'a ContentBlock| {
        origin.is_some() && !is_call(block) && (thoughts || !is_thought(block))
    };
    let blocks =
        response.blocks().iter().filter_map(|block| match (block.content(), block.raw()) {
            (Content::Text(text), _) if text.is_empty() => None,
            (Content::ToolCall(call), Some(raw)) if origin.is_some() && is_sendable(call) => {
                Some(WireBlock::Raw(raw))
            }
            (Content::ToolCall(call), _) => Some(tool_use(call)),
            (_, Some(raw)) if keep(&block) => Some(WireBlock::Raw(raw)),
            (Content::Text(text), _) => Some(WireBlock::Text { text: text.into() }),
            (Content::Thinking(_) | Content::Opaque, _) => None,
        });
    blocks.collect()
}

fn is_thought(block: &ContentBlock) -> bool {
    matches!(block.content(), Content::Thinking(_)) || is_opaque(block, "redacted_thinking")
}

/// Whether an opaque block is a call. A history from elsewhere can hold one; it has no result, so
/// it cannot be sent.
fn is_call(block: &ContentBlock) -> bool {
    is_opaque(block, "tool_use")
}

fn is_opaque(block: &ContentBlock, kind: &str) -> bool {
    let raw = block.raw().filter(|_| *block.content() == Content::Opaque);
    let found = raw.and_then(|raw| members(raw.get(), ["type"]).ok());
    found.and_then(|[found]| value::<String>(found)).is_some_and(|found| found == kind)
}

/// Whether the API accepts a call back unchanged: models make up ids and names that it rejects.
fn is_sendable(call: &ToolCall) -> bool {
    id(call.id()) == call.id() && name(call.name()) == call.name() && input(call).is_some()
}

/// Encodes a call of a script, of another provider, or with something that the API rejects.
fn tool_use(call: &ToolCall) -> WireBlock<'_> {
    let input = input(call).map_or_else(
        || {
            let object = match call.arguments().trim() {
                "" | "null" => json!({}),
                _ => json!({"malformed": call.arguments()}),
            };
            Cow::Owned(to_raw_value(&object).unwrap_or_else(|_| RawValue::NULL.to_owned()))
        },
        Cow::Borrowed,
    );
    WireBlock::ToolUse { id: id(call.id()), name: name(call.name()), input }
}

/// The arguments, if they are an object.
fn input(call: &ToolCall) -> Option<&RawValue> {
    let arguments = call.arguments();
    arguments.trim_start().starts_with('{').then(|| serde_json::from_str(arguments).ok()).flatten()
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// An id in the characters that the API accepts (`^[a-zA-Z0-9_-]+$`). Different ids stay different.
fn id(id: &str) -> Cow<'_, str> {
    const HEX: &str = "id_";
    if !id.is_empty() && !id.starts_with(HEX) && id.bytes().all(is_plain) {
        return id.into();
    }
    let hex = id.bytes().map(|byte| format!("{byte:02x}"));
    format!("{HEX}{}", hex.collect::<String>()).into()
}

/// A name in the characters that providers accept, at most 64 of them.
fn name(name: &str) -> Cow<'_, str> {
    const LONGEST: usize = 64;
    if (1..=LONGEST).contains(&name.len()) && name.bytes().all(is_plain) {
        return name.into();
    }
    let plain = |c: char| if u8::try_from(c).is_ok_and(is_plain) { c } else { '_' };
    let name: String = name.chars().take(LONGEST).map(plain).collect();
    if name.is_empty() { "_".into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_fit_the_api() {
        assert_eq!(id("toolu_01-x"), "toolu_01-x");
        assert_eq!(
            (id(""), id("a.b"), id("a:b")),
            ("id_".into(), "id_612e62".into(), "id_613a62".into())
        );
        assert_eq!(name("multi_tool_use.parallel"), "multi_tool_use_parallel");
        assert_eq!((name(""), name("ä").len(), name(&"x".repeat(99)).len()), ("_".into(), 1, 64));
    }
}
