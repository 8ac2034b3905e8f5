use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;

use super::call::ToolCall;
use super::origin::{Origin, Usage};

/// The model's response to one request.
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
    /// Creates an empty response with the stop reason [`StopReason::EndTurn`].
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

    /// Appends a tool call with the JSON text of its arguments. Its id is its position among the
    /// calls: `call_1`, `call_2` and so on.
    #[must_use]
    pub fn call(self, name: impl Into<Arc<str>>, arguments: impl Into<Arc<str>>) -> Self {
        const FIRST: [&str; 8] =
            ["call_1", "call_2", "call_3", "call_4", "call_5", "call_6", "call_7", "call_8"];
        let before = self.calls().count();
        // Scripts build their responses anew in each run, and most of them have few calls: their
        // ids need no formatting.
        let id: Arc<str> = match FIRST.get(before) {
            Some(id) => (*id).into(),
            None => format!("call_{}", before + 1).into(),
        };
        self.block(ContentBlock::from(Content::ToolCall(ToolCall::new(id, name, arguments))))
    }

    /// Appends a block, such as one that a provider sent.
    ///
    /// A tool call changes the stop reason from [`StopReason::EndTurn`] to [`StopReason::ToolUse`];
    /// call [`stop`](Self::stop) afterwards to set another one.
    #[must_use]
    pub fn block(mut self, block: ContentBlock) -> Self {
        if matches!(block.view, Content::ToolCall(_)) && self.stop == StopReason::EndTurn {
            self.stop = StopReason::ToolUse;
        }
        self.blocks.push(block);
        self
    }

    /// Sets why the model stopped. Calls run only after [`StopReason::ToolUse`], which is the
    /// default of a response with calls; that of other responses is [`StopReason::EndTurn`].
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

    /// Sets the origin of the response.
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

    /// The origin of the response, if a provider sent it.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }
}

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

/// Why a model stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// The response is complete; calls in it do not run.
    #[default]
    EndTurn,
    /// It waits for the results of its calls.
    ToolUse,
    /// It wrote a stop sequence.
    StopSequence,
    /// The provider paused a long turn: the same request is sent again, with the response so far.
    Paused,
    /// It reached the limit on output tokens or the end of its context.
    MaxTokens,
    /// It refused to answer.
    Refusal,
    /// A filter of the provider cut it off.
    Filtered,
    /// A reason this version does not know.
    #[serde(untagged, with = "super::other")]
    Other(String),
}
