use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::ops::Deref;
use std::slice::IterMut;
use std::sync::Arc;

use super::call::ToolCall;

/// A part of a response: our view of it and, if a provider sent it, its raw JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContentBlock {
    pub(super) view: Content,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub(super) raw: Option<Arc<Box<RawValue>>>,
}

/// Reads a raw block that is `null` as a block: `Option` would read it as no block.
fn present<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Arc<Box<RawValue>>>, D::Error> {
    Deserialize::deserialize(json).map(Some)
}

impl ContentBlock {
    /// Creates a block with the provider's own JSON, which goes back unchanged with the next
    /// request.
    #[must_use]
    pub fn with_raw(view: Content, raw: Box<RawValue>) -> Self {
        Self::with_shared_raw(view, raw.into())
    }

    /// As [`with_raw`](Self::with_raw), with JSON that the view can share.
    pub(crate) fn with_shared_raw(view: Content, raw: Arc<Box<RawValue>>) -> Self {
        Self { view, raw: Some(raw) }
    }

    pub(super) fn is_call(&self) -> bool {
        matches!(self.view, Content::ToolCall(_))
    }

    /// Our view of the block.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.view
    }

    /// The provider's own JSON, byte for byte.
    #[must_use]
    pub fn raw(&self) -> Option<&RawValue> {
        self.raw.as_deref().map(|raw| &**raw)
    }
}

impl From<Content> for ContentBlock {
    fn from(view: Content) -> Self {
        Self { view, raw: None }
    }
}

impl PartialEq for ContentBlock {
    fn eq(&self, other: &Self) -> bool {
        let raw = |block: &Self| block.raw.as_ref().map(|raw| raw.get().to_owned());
        self.view == other.view && raw(self) == raw(other)
    }
}

/// The content of a block, in our view of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Content {
    /// Text for the user.
    Text(String),
    /// The model's visible reasoning.
    Thinking(String),
    /// A request to run a tool.
    ToolCall(ToolCall),
    /// A block of a kind that this version does not know; its raw JSON is kept.
    Opaque,
}

/// The blocks of a response and the number of calls among them, which the builder needs for each
/// call: counting them each time would take quadratic time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Blocks {
    list: Vec<ContentBlock>,
    calls: usize,
}

impl Blocks {
    pub(super) fn calls(&self) -> usize {
        self.calls
    }

    pub(super) fn push(&mut self, block: ContentBlock) {
        self.calls += usize::from(block.is_call());
        self.list.push(block);
    }

    /// The blocks, to change their ids. A call must stay a call.
    pub(super) fn iter_mut(&mut self) -> IterMut<'_, ContentBlock> {
        self.list.iter_mut()
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.list.shrink_to_fit();
    }
}

impl Deref for Blocks {
    type Target = [ContentBlock];

    fn deref(&self) -> &[ContentBlock] {
        &self.list
    }
}

impl Serialize for Blocks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Blocks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::<ContentBlock>::deserialize(deserializer)?;
        let calls = list.iter().filter(|block| block.is_call()).count();
        Ok(Self { list, calls })
    }
}
