//! The response in an answer that was received whole.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

use super::failure;
use super::request_id;
use super::settings::{DIALECT, Settings};
use crate::error::ModelError;
use crate::transcript::{Block, Origin, Response, StopReason, ToolCall, Usage, View};

/// What is read of an answer; all else is left as it is.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    content: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stop_reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    stop_details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

pub(super) fn response(
    settings: &Settings,
    answer: &http::Response<Bytes>,
) -> Result<Response, ModelError> {
    let body = answer.body();
    let Answer { content, model, stop_reason, stop_details, usage } = serde_json::from_slice(body)
        .map_err(|error| failure::unreadable(settings, answer, &error))?;
    let mut origin = Origin::new(DIALECT, settings.model.clone());
    origin.model = read::<Arc<str>>(model).unwrap_or_else(|| settings.model.clone());
    origin.request_id = request_id(answer.headers()).map(Into::into);
    origin.stop_details = read(stop_details).and_then(StopDetails::text);
    let usage = read(usage).map(WireUsage::total).unwrap_or_default();
    let response = content.into_iter().map(block).fold(Response::new(), Response::block);
    // After the blocks: the API's word counts, calls or not.
    Ok(response.stop(stop(stop_reason.as_deref())).used(usage).from_origin(origin))
}

/// A part of an answer that is left out where it is not as expected.
fn read<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

fn stop(reason: Option<&str>) -> StopReason {
    match reason {
        Some("end_turn") => StopReason::EndTurn,
        Some("tool_use") => StopReason::ToolUse,
        Some("stop_sequence") => StopReason::StopSequence,
        Some("max_tokens" | "model_context_window_exceeded") => StopReason::MaxTokens,
        Some("refusal") => StopReason::Refusal,
        // A summary of the conversation stands in the response; the turn goes on after it.
        Some("pause_turn" | "compaction") => StopReason::Paused,
        Some(other) => StopReason::Other(other.to_owned()),
        None => StopReason::Other("none".to_owned()),
    }
}

/// What is read of a block.
#[derive(Deserialize)]
struct Known<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
}

/// A block with our view of it; one that is not known, or not as expected, stays as it is.
fn block(raw: &RawValue) -> Block {
    let view = serde_json::from_str(raw.get()).ok().and_then(|known| view(&known));
    Block::with_raw(view.unwrap_or(View::Opaque), raw.to_owned())
}

fn view(block: &Known<'_>) -> Option<View> {
    match &*block.kind {
        "text" => Some(View::Text(read(block.text)?)),
        "thinking" => Some(View::Thinking(read(block.thinking)?)),
        "tool_use" => {
            let text = |raw| read::<Arc<str>>(raw).unwrap_or_default();
            let arguments = block.input.map_or("{}", RawValue::get);
            Some(View::ToolCall(ToolCall::new(text(block.id), text(block.name), arguments)))
        }
        _ => None,
    }
}

#[derive(Deserialize)]
struct StopDetails {
    category: Option<String>,
    explanation: Option<String>,
}

impl StopDetails {
    fn text(self) -> Option<Arc<str>> {
        let said: Vec<_> = [self.category, self.explanation].into_iter().flatten().collect();
        (!said.is_empty()).then(|| said.join(": ").into())
    }
}

/// Tokens as the API counts them: those of the cache beside the others.
#[derive(Deserialize)]
struct WireUsage {
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(default)]
    output_tokens: Option<u64>,
    #[serde(default)]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default)]
    cache_read_input_tokens: Option<u64>,
    #[serde(default)]
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Deserialize)]
struct OutputDetails {
    #[serde(default)]
    thinking_tokens: Option<u64>,
}

impl WireUsage {
    fn total(self) -> Usage {
        let written = self.cache_creation_input_tokens.unwrap_or_default();
        let read = self.cache_read_input_tokens.unwrap_or_default();
        let fresh = self.input_tokens.unwrap_or_default();
        let input = fresh.saturating_add(written).saturating_add(read);
        let mut usage = Usage::new(input, self.output_tokens.unwrap_or_default());
        (usage.cache_write_tokens, usage.cache_read_tokens) = (written, read);
        let details = self.output_tokens_details.and_then(|details| details.thinking_tokens);
        usage.reasoning_tokens = details.unwrap_or_default();
        usage
    }
}
