//! The response in an answer that was received whole.

use bytes::Bytes;
use serde_json::value::RawValue;
use std::sync::Arc;

use super::failure;
use super::request_id;
use super::settings::{DIALECT, Settings};
use crate::error::ModelError;
use crate::providers::members::{items, members, value};
use crate::transcript::{Block, Origin, Response, StopReason, ToolCall, Usage, View};

/// Our view of a small block takes far more room than its text.
const MOST_BLOCKS: usize = 100_000;

pub(super) fn response(
    settings: &Settings,
    answer: &http::Response<Bytes>,
) -> Result<Response, ModelError> {
    const MEMBERS: [&str; 5] = ["content", "model", "stop_reason", "stop_details", "usage"];
    let unreadable = |why: &str| failure::unreadable(settings, answer, why);
    let body = str::from_utf8(answer.body()).map_err(|_| unreadable("it is no UTF-8"))?;
    let found = members(body, MEMBERS).map_err(|error| unreadable(&failure::place(&error)))?;
    let [content, model, stop_reason, details, usage] = found;
    let content = content.and_then(|content| items(content.get(), MOST_BLOCKS).ok());
    let content = content.ok_or_else(|| unreadable("it has no `content`"))?;
    let content = content.ok_or_else(|| unreadable("it has too many blocks"))?;

    let mut origin = Origin::new(DIALECT, settings.model.clone());
    origin.model = value::<Arc<str>>(model).unwrap_or_else(|| settings.model.clone());
    origin.request_id = request_id(settings, answer.headers()).map(Into::into);
    origin.stop_details = details.and_then(stop_details);
    let usage = usage.map(tokens).unwrap_or_default();
    let response = content.into_iter().map(block).fold(Response::new(), Response::block);
    // After the blocks: the API's word counts, calls or not.
    let stop = stop(value::<String>(stop_reason).as_deref());
    Ok(response.stop(stop).used(usage).from_origin(origin))
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

/// A block with our view of it; one that is not known, or not as expected, stays as it is.
fn block(raw: &RawValue) -> Block {
    Block::with_raw(view(raw).unwrap_or(View::Opaque), raw.to_owned())
}

fn view(raw: &RawValue) -> Option<View> {
    const MEMBERS: [&str; 6] = ["type", "text", "thinking", "id", "name", "input"];
    let [kind, text, thinking, id, name, input] = members(raw.get(), MEMBERS).ok()?;
    match value::<String>(kind)?.as_str() {
        "text" => Some(View::Text(value(text)?)),
        "thinking" => Some(View::Thinking(value(thinking)?)),
        "tool_use" => {
            let [id, name] = [id, name].map(|text| value::<Arc<str>>(text).unwrap_or_default());
            // As others say that there are none; the block cannot go back as it is then.
            let input = input.map(RawValue::get).filter(|input| *input != "null");
            let arguments = input.unwrap_or_default();
            Some(View::ToolCall(ToolCall::new(id, name, arguments)))
        }
        _ => None,
    }
}

/// `{"category": .., "explanation": ..}` of a refusal, as a text.
fn stop_details(raw: &RawValue) -> Option<Arc<str>> {
    let said = members(raw.get(), ["category", "explanation"]).ok()?;
    let said: Vec<String> = said.into_iter().filter_map(value).collect();
    (!said.is_empty()).then(|| said.join(": ").into())
}

/// Tokens as the API counts them: those of the cache beside the others.
fn tokens(raw: &RawValue) -> Usage {
    const MEMBERS: [&str; 5] = [
        "input_tokens",
        "output_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
        "output_tokens_details",
    ];
    let found = members(raw.get(), MEMBERS).unwrap_or_default();
    let details = found.last().copied().flatten();
    let [fresh, output, written, read, _] =
        found.map(|tokens| value::<u64>(tokens).unwrap_or_default());
    let mut usage = Usage::new(fresh.saturating_add(written).saturating_add(read), output);
    (usage.cache_write_tokens, usage.cache_read_tokens) = (written, read);
    let details = details.and_then(|raw| members(raw.get(), ["thinking_tokens"]).ok());
    usage.reasoning_tokens = details.and_then(|[tokens]| value(tokens)).unwrap_or_default();
    usage
}
