//! The model's answer to one request.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;

use super::{Origin, ToolCall, Usage};

/// What the model answered to one request.
///
/// # Examples
///
/// ```
/// use agent_core::Response;
///
/// let response = Response::new().with_text("Let me look.").call("read", r#"{"path":"a.md"}"#);
/// assert_eq!(response.calls().count(), 1);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Response {
    pub(super) blocks: Vec<ContentBlock>,
    #[serde(default)]
    stop: StopReason,
    #[serde(default)]
    usage: Usage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<Arc<Origin>>,
}

impl Response {
    /// An empty response that ended by itself.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends text.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(ContentBlock::from(Content::Text(text.into())));
        self
    }

    /// Appends a tool call whose arguments are this JSON text; its id is its place in the response.
    #[must_use]
    pub fn call(self, name: impl Into<Arc<str>>, arguments: impl Into<Arc<str>>) -> Self {
        const FIRST: [&str; 8] =
            ["call_1", "call_2", "call_3", "call_4", "call_5", "call_6", "call_7", "call_8"];
        let before = self.calls().count();
        // Scripts make their responses anew in each run; most ids need no formatting.
        let id: Arc<str> = match FIRST.get(before) {
            Some(id) => (*id).into(),
            None => format!("call_{}", before + 1).into(),
        };
        self.block(ContentBlock::from(Content::ToolCall(ToolCall::new(id, name, arguments))))
    }

    /// Appends a block as it came from a provider.
    ///
    /// After a tool call the model waits for its result: the response then ends with
    /// [`StopReason::ToolUse`], unless [`stop`](Self::stop) says otherwise after this.
    #[must_use]
    pub fn block(mut self, block: ContentBlock) -> Self {
        if matches!(block.view, Content::ToolCall(_)) && self.stop == StopReason::EndTurn {
            self.stop = StopReason::ToolUse;
        }
        self.blocks.push(block);
        self
    }

    /// Sets why the model stopped. Calls run after [`StopReason::ToolUse`] alone, which stands there
    /// by itself if there are some; else it is [`StopReason::EndTurn`].
    #[must_use]
    pub fn stop(mut self, reason: StopReason) -> Self {
        self.stop = reason;
        self
    }

    /// Sets the tokens that the request and this response took.
    #[must_use]
    pub fn used(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// Sets where the response came from.
    #[must_use]
    pub fn from_origin(mut self, origin: Origin) -> Self {
        self.origin = Some(Arc::new(origin));
        self
    }

    /// The blocks in the model's order.
    #[must_use]
    pub fn blocks(&self) -> &[ContentBlock] {
        &self.blocks
    }

    /// The tool calls in the model's order.
    #[must_use = "an iterator does nothing unless it is used"]
    pub fn calls(&self) -> impl DoubleEndedIterator<Item = &ToolCall> {
        self.blocks.iter().filter_map(|block| match &block.view {
            Content::ToolCall(call) => Some(call),
            _ => None,
        })
    }

    /// All text of the response, joined.
    #[must_use]
    pub fn text(&self) -> String {
        let texts = self.blocks.iter().filter_map(|block| match &block.view {
            Content::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// Why the model stopped.
    #[must_use]
    pub fn stop_reason(&self) -> &StopReason {
        &self.stop
    }

    /// The tokens that the request and this response took.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Where the response came from, if a provider sent it.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }
}

/// A part of a response: our view of it and, where it came from a provider, its own JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContentBlock {
    pub(super) view: Content,
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    pub(super) raw: Option<Arc<Box<RawValue>>>,
}

/// A block that is `null` is one too.
fn there<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Arc<Box<RawValue>>>, D::Error> {
    Deserialize::deserialize(json).map(Some)
}

impl ContentBlock {
    /// A block with the provider's own JSON, which goes back unchanged with the next request.
    #[must_use]
    pub fn with_raw(view: Content, raw: Box<RawValue>) -> Self {
        Self::with_shared_raw(view, raw.into())
    }

    /// As [`with_raw`](Self::with_raw), where the view may hold parts of the JSON.
    pub(crate) fn with_shared_raw(view: Content, raw: Arc<Box<RawValue>>) -> Self {
        Self { view, raw: Some(raw) }
    }

    /// What the block says.
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

/// What a block of a response says.
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
    /// Something this version does not know; its raw JSON is kept.
    Opaque,
}

/// Why a model stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// It had said all; calls beside that are not run.
    #[default]
    EndTurn,
    /// It waits for the results of its calls.
    ToolUse,
    /// It wrote a stop sequence.
    StopSequence,
    /// The provider paused a long turn: the same request is sent again, with the response so far.
    Paused,
    /// It ran into the limit on output tokens, or into the end of its context.
    MaxTokens,
    /// It declined.
    Refusal,
    /// A filter of the provider cut it off.
    Filtered,
    /// A reason this version does not know.
    #[serde(untagged, with = "super::other")]
    Other(String),
}
