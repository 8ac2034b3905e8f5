//! A block that is being streamed.

use serde_json::value::{RawValue, to_raw_value};
use std::sync::Arc;

use super::super::decode::{block, call, view};
use super::rebuilt::{Member, Rebuilt};
use super::wire::{Malformed, WireDelta, WireEvent};
use crate::model::{Delta, Request};
use crate::providers::json_members::{each, items, members, value};
use crate::transcript::{Content, ContentBlock, SharedText};

pub(super) struct OpenBlock {
    /// The JSON with which it began.
    raw: Arc<Box<RawValue>>,
    kind: BlockKind,
    /// What was streamed since then, by member.
    members: Vec<(String, Member)>,
}

const INPUT: &str = "input";

const TWO_KINDS: Malformed = "a member is of two kinds";

#[derive(Clone, Copy, PartialEq, Eq)]
enum BlockKind {
    Text,
    Thinking,
    Call,
    /// From here on another model answers.
    Fallback,
    Other,
}

impl OpenBlock {
    pub(super) fn new(raw: &RawValue) -> Self {
        let kind = members(raw.get(), ["type"]).ok().and_then(|[kind]| value::<String>(kind));
        let kind = match kind.as_deref() {
            Some("text") => BlockKind::Text,
            Some("thinking") => BlockKind::Thinking,
            Some("tool_use") => BlockKind::Call,
            Some("fallback") => BlockKind::Fallback,
            _ => BlockKind::Other,
        };
        Self { raw: Arc::new(raw.to_owned()), kind, members: Vec::new() }
    }

    pub(super) fn is_call(&self) -> bool {
        self.kind == BlockKind::Call
    }

    pub(super) fn is_another_model(&self) -> bool {
        self.kind == BlockKind::Fallback
    }

    pub(super) fn emit_begin(&self, request: &Request<'_>) {
        match view(&self.raw) {
            Content::Text(text) if !text.is_empty() => request.emit(Delta::Text(&text)),
            Content::Thinking(text) if !text.is_empty() => request.emit(Delta::Thinking(&text)),
            Content::ToolCall(call) => {
                request.emit(Delta::Call { id: call.id(), name: call.name() });
            }
            _ => {}
        }
    }

    pub(super) fn add(
        &mut self,
        event: &WireEvent<'_>,
        data: &str,
        (request, is_last_call): (&Request<'_>, bool),
    ) -> Result<(), Malformed> {
        let delta = event.delta.as_ref().ok_or("a delta is missing")?;
        match delta.kind() {
            "text_delta" => {
                let text = delta.text.as_deref().ok_or("a delta has no text")?;
                self.text("text")?.push_str(text);
                if self.kind == BlockKind::Text && !text.is_empty() {
                    request.emit(Delta::Text(text));
                }
            }
            "input_json_delta" => {
                let json = delta.partial_json.as_deref().ok_or("a delta has no JSON")?;
                self.json()?.push_str(json);
                if is_last_call && !json.is_empty() {
                    request.emit(Delta::Arguments(json));
                }
            }
            "thinking_delta" => {
                let text = delta.thinking.as_deref().ok_or("a delta has no thinking")?;
                self.text("thinking")?.push_str(text);
                if self.kind == BlockKind::Thinking && !text.is_empty() {
                    request.emit(Delta::Thinking(text));
                }
            }
            "signature_delta" => {
                let signature = delta.signature.as_deref().ok_or("a delta has no signature")?;
                signature.clone_into(self.text("signature")?);
            }
            "citations_delta" => self.cite(delta)?,
            // The API may add deltas at any time.
            _ if self.kind == BlockKind::Other => self.add_unknown(data)?,
            _ => {}
        }
        Ok(())
    }

    /// Handles a delta of an unknown kind as all known kinds behave: texts are appended, and other
    /// values replace the previous one.
    fn add_unknown(&mut self, data: &str) -> Result<(), Malformed> {
        let [delta] = members(data, ["delta"]).unwrap_or_default();
        let mut added = Ok(());
        _ = each(delta.map_or("{}", RawValue::get), |name, raw| {
            if added.is_ok() && name != "type" {
                added = self.add_member(&name, raw);
            }
        });
        added
    }

    fn add_member(&mut self, name: &str, raw: &RawValue) -> Result<(), Malformed> {
        if let Some(text) = value::<String>(Some(raw)) {
            self.text(name)?.push_str(&text);
        } else {
            let new = || Member::Raw(raw.to_owned());
            *self.member(name, |_| new())? = new();
        }
        Ok(())
    }

    fn cite(&mut self, delta: &WireDelta<'_>) -> Result<(), Malformed> {
        let citation = delta.citation.ok_or("a delta has no citation")?;
        let cited = |raw: Option<&RawValue>| {
            let cited = items(raw.map_or("[]", RawValue::get), usize::MAX).ok().flatten();
            Member::List(cited.unwrap_or_default().into_iter().map(ToOwned::to_owned).collect())
        };
        match self.member("citations", cited)? {
            Member::List(list) => list.push(citation.to_owned()),
            _ => return Err(TWO_KINDS),
        }
        Ok(())
    }

    fn text(&mut self, name: &str) -> Result<&mut String, Malformed> {
        match self.member(name, |raw| Member::Text(value(raw).unwrap_or_default()))? {
            Member::Text(text) => Ok(text),
            _ => Err(TWO_KINDS),
        }
    }

    fn json(&mut self) -> Result<&mut String, Malformed> {
        match self.member(INPUT, |_| Member::Json(String::new()))? {
            Member::Json(json) => Ok(json),
            _ => Err(TWO_KINDS),
        }
    }

    /// Returns the streamed value of a member; it starts with the value that the block began with.
    fn member(
        &mut self,
        name: &str,
        begin: impl FnOnce(Option<&RawValue>) -> Member,
    ) -> Result<&mut Member, Malformed> {
        const MOST: usize = 64;
        let at = match self.members.iter().position(|(its, _)| *its == name) {
            Some(at) => at,
            None if self.members.len() == MOST => return Err("a block has too many members"),
            None => {
                let [raw] = members(self.raw.get(), [name]).unwrap_or_default();
                self.members.push((name.to_owned(), begin(raw)));
                self.members.len() - 1
            }
        };
        self.members.get_mut(at).map(|(_, member)| member).ok_or(TWO_KINDS)
    }

    /// Builds the block from everything that was streamed.
    pub(super) fn close(self) -> ContentBlock {
        let Some(json) = self.input() else {
            return block(self.rebuilt(None).unwrap_or(self.raw));
        };
        let input = serde_json::from_str::<&RawValue>(json).ok();
        let raw = input.and_then(|input| self.rebuilt(Some(input)));
        let is_call = self.kind == BlockKind::Call;
        match (raw, input) {
            (Some(raw), Some(input)) if is_call => {
                let view = self.call(placed(&raw, input.get()));
                ContentBlock::with_shared_raw(view, raw)
            }
            // The arguments are not JSON. The call's result will name the fault, and the block that
            // goes back with the next request is encoded from the view.
            (None, _) if is_call => self.call(json.into()).into(),
            (raw, _) => block(raw.or_else(|| self.rebuilt(None)).unwrap_or(self.raw)),
        }
    }

    /// The streamed input; `None` if it is empty, which models send for a call without arguments.
    fn input(&self) -> Option<&str> {
        self.members.iter().find_map(|(_, member)| match member {
            Member::Json(json) if !json.trim_ascii().is_empty() => Some(json.as_str()),
            _ => None,
        })
    }

    fn call(&self, input: SharedText) -> Content {
        let [id, name] = members(self.raw.get(), ["id", "name"]).unwrap_or_default();
        call(id, name, input)
    }

    fn rebuilt(&self, input: Option<&RawValue>) -> Option<Arc<Box<RawValue>>> {
        let Self { raw, members, .. } = self;
        let rebuilt = Rebuilt { raw, members, input };
        if members.is_empty() { None } else { to_raw_value(&rebuilt).map(Arc::new).ok() }
    }
}

/// The input as a part of its block, so that large arguments are held once.
///
/// It is the text after `"input":`. Apart from the input, the block has `json.len() - input.len()`
/// bytes, so its name ends within so many bytes from the start. If the name occurs twice there, the
/// place is not known and the input is copied. Comparing the text instead would take as long as
/// copying it.
fn placed(block: &Arc<Box<RawValue>>, input: &str) -> SharedText {
    let json = block.get();
    let around = json.get(..json.len().saturating_sub(input.len())).unwrap_or_default();
    let mut names = around.match_indices("\"input\":").map(|(at, name)| at + name.len());
    match (names.next(), names.next()) {
        (Some(at), None) => {
            let part = json.get(at..at + input.len()).unwrap_or(input);
            debug_assert_eq!(part, input);
            SharedText::part_of(block, part)
        }
        _ => input.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::anthropic::decode::view;

    #[test]
    fn the_arguments_of_a_call_are_held_once() {
        const INPUT: &str = r#"{"path": "a\"b", "text": "..."}"#;
        for (raw, is_held_once) in [
            (r#"{"type":"tool_use","id":"1","name":"write","input":"#, true),
            (r#"{"input":"#, true),
            // The name occurs twice, so the place of the input is not known.
            (r#"{"caller":{"input":1},"id":"1","input":"#, false),
        ] {
            let block = [raw, INPUT, r#","type":"tool_use"}"#].concat();
            let block = Arc::new(RawValue::from_string(block).unwrap());
            let input = placed(&block, INPUT);
            assert_eq!(&*input, INPUT);
            assert_eq!(matches!(input, SharedText::Part(..)), is_held_once, "{block}");

            // The arguments of an answer that is not streamed are always held once.
            let Content::ToolCall(call) = view(&block) else { panic!("{block}") };
            assert!(matches!(call.shared_arguments(), SharedText::Part(..)));
            assert_eq!(call.arguments(), INPUT);
        }
    }
}
