//! Decodes an answer that was received whole.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::value::RawValue;
use std::sync::Arc;

use super::failure;
use super::settings::{DIALECT, Settings};
use crate::error::ModelError;
use crate::providers::json_members::{items, members, value};
use crate::transcript::{
    Content, ContentBlock, Origin, Response, SharedText, StopReason, ToolCall, Usage,
};

/// The most blocks of a response: our view of a small block takes far more memory than its text.
pub(super) const MOST_BLOCKS: usize = 100_000;

/// The fields of a response beside its blocks.
#[derive(Default)]
pub(super) struct Around {
    pub(super) model: Option<Arc<str>>,
    pub(super) stop_reason: Option<String>,
    pub(super) stop_details: Option<Arc<str>>,
    pub(super) tokens: Tokens,
}

impl Around {
    pub(super) fn response(
        self,
        settings: &Settings,
        headers: &HeaderMap,
        blocks: impl Iterator<Item = ContentBlock>,
    ) -> Response {
        let mut origin = Origin::new(DIALECT, settings.model.clone());
        origin.model = self.model.unwrap_or_else(|| settings.model.clone());
        origin.request_id = settings.request_id(headers).map(Into::into);
        origin.stop_details = self.stop_details;
        let response = blocks.fold(Response::new(), Response::block);
        // Set after the blocks, because `Response::block` sets a stop reason too and the API's has
        // to last.
        let stop = stop(self.stop_reason.as_deref());
        response.stop(stop).used(self.tokens.usage()).from_origin(origin)
    }
}

pub(super) fn response(
    settings: &Settings,
    answer: &http::Response<Bytes>,
) -> Result<Response, ModelError> {
    const MEMBERS: [&str; 5] = ["content", "model", "stop_reason", "stop_details", "usage"];
    let unreadable = |why: &str| failure::unreadable(settings, answer, why);
    let body = str::from_utf8(answer.body()).map_err(|_| unreadable("it is not UTF-8"))?;
    let found = members(body, MEMBERS).map_err(|error| unreadable(&failure::place(&error)))?;
    let [content, model, stop_reason, details, usage] = found;
    let content = content.and_then(|content| items(content.get(), MOST_BLOCKS).ok());
    let content = content.ok_or_else(|| unreadable("it has no `content`"))?;
    let content = content.ok_or_else(|| unreadable("it has too many blocks"))?;

    let around = Around {
        model: value(model),
        stop_reason: value(stop_reason),
        stop_details: details.and_then(stop_details),
        tokens: usage.map(Tokens::read).unwrap_or_default(),
    };
    let blocks = content.into_iter().map(|raw| block(Arc::new(raw.to_owned())));
    Ok(around.response(settings, answer.headers(), blocks))
}

pub(super) fn stop(reason: Option<&str>) -> StopReason {
    match reason {
        Some("end_turn") => StopReason::EndTurn,
        Some("tool_use") => StopReason::ToolUse,
        Some("stop_sequence") => StopReason::StopSequence,
        Some("max_tokens" | "model_context_window_exceeded") => StopReason::MaxTokens,
        Some("refusal") => StopReason::Refusal,
        // The response holds a summary of the conversation; the turn continues after it.
        Some("pause_turn" | "compaction") => StopReason::Paused,
        Some(other) => StopReason::Other(other.to_owned()),
        None => StopReason::Other("none".to_owned()),
    }
}

/// Builds a block with our view of it. A block of an unknown type or shape is kept as opaque JSON.
pub(super) fn block(raw: Arc<Box<RawValue>>) -> ContentBlock {
    ContentBlock::with_shared_raw(view(&raw), raw)
}

pub(super) fn view(raw: &Arc<Box<RawValue>>) -> Content {
    known(raw).unwrap_or(Content::Opaque)
}

fn known(raw: &Arc<Box<RawValue>>) -> Option<Content> {
    const MEMBERS: [&str; 6] = ["type", "text", "thinking", "id", "name", "input"];
    let [kind, text, thinking, id, name, input] = members(raw.get(), MEMBERS).ok()?;
    match value::<String>(kind)?.as_str() {
        "text" => Some(Content::Text(value(text)?)),
        "thinking" => Some(Content::Thinking(value(thinking)?)),
        "tool_use" => {
            let input = input.map(RawValue::get).unwrap_or_default();
            Some(call(id, name, SharedText::part_of(raw, input)))
        }
        _ => None,
    }
}

pub(super) fn call(id: Option<&RawValue>, name: Option<&RawValue>, input: SharedText) -> Content {
    let [id, name] = [id, name].map(|text| value::<Arc<str>>(text).unwrap_or_default());
    // Some servers send `null` for a call without arguments. The API would reject `null` in the
    // next request; with an empty text, the call is encoded from this view instead of its raw JSON.
    let input = if *input == *"null" { "".into() } else { input };
    Content::ToolCall(ToolCall::with_shared(id, name, input))
}

/// Joins the `category` and `explanation` of a refusal to one text.
pub(super) fn stop_details(raw: &RawValue) -> Option<Arc<str>> {
    let said = members(raw.get(), ["category", "explanation"]).ok()?;
    let said: Vec<String> = said.into_iter().filter_map(value).collect();
    (!said.is_empty()).then(|| said.join(": ").into())
}

/// Tokens as the API counts them: those of the cache are separate from the other input.
#[derive(Clone, Copy, Default)]
pub(super) struct Tokens {
    fresh: Option<u64>,
    output: Option<u64>,
    written: Option<u64>,
    read: Option<u64>,
    thinking: Option<u64>,
}

impl Tokens {
    pub(super) fn read(raw: &RawValue) -> Self {
        const MEMBERS: [&str; 5] = [
            "input_tokens",
            "output_tokens",
            "cache_creation_input_tokens",
            "cache_read_input_tokens",
            "output_tokens_details",
        ];
        let found = members(raw.get(), MEMBERS).unwrap_or_default();
        let [fresh, output, written, read, details] = found;
        let details = details.and_then(|raw| members(raw.get(), ["thinking_tokens"]).ok());
        let [thinking] = details.unwrap_or_default();
        let [fresh, output, written, read, thinking] =
            [fresh, output, written, read, thinking].map(value);
        Self { fresh, output, written, read, thinking }
    }

    /// Takes over the counts that `later` has, and keeps the others.
    pub(super) fn update(&mut self, later: Self) {
        let Self { fresh, output, written, read, thinking } = later;
        self.fresh = fresh.or(self.fresh);
        self.output = output.or(self.output);
        self.written = written.or(self.written);
        self.read = read.or(self.read);
        self.thinking = thinking.or(self.thinking);
    }

    fn usage(self) -> Usage {
        let Self { fresh, output, written, read, thinking } = self;
        let [fresh, output, written, read, thinking] =
            [fresh, output, written, read, thinking].map(Option::unwrap_or_default);
        let mut usage = Usage::new(fresh.saturating_add(written).saturating_add(read), output);
        (usage.cache_write_tokens, usage.cache_read_tokens) = (written, read);
        usage.reasoning_tokens = thinking;
        usage
    }
}
