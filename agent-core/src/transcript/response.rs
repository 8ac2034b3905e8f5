use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::block::{Blocks, Content, ContentBlock};
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
    pub(super) blocks: Blocks,
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
        let before = self.blocks.calls();
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
        if block.is_call() && self.stop == StopReason::EndTurn {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_calls_count_the_calls_before_them() {
        let response = Response::new().with_text("x").call("a", "{}").with_text("y");
        let other = ContentBlock::from(Content::ToolCall(ToolCall::new("other", "b", "{}")));
        let response = response.block(other).call("c", "{}");
        let json = serde_json::to_string(&response).unwrap();
        let response: Response = serde_json::from_str(&json).unwrap();
        let ids: Vec<_> = response.call("d", "{}").calls().map(|c| c.id().to_owned()).collect();
        assert_eq!(ids, ["call_1", "other", "call_3", "call_4"]);
    }

    // Counting the calls before each one would look at 45 billion blocks, which takes minutes.
    #[test]
    fn a_response_of_300_000_calls_is_built_in_linear_time() {
        let response = (0..300_000).fold(Response::new(), |response, _| response.call("a", "{}"));
        assert_eq!(response.calls().next_back().map(ToolCall::id), Some("call_300000"));
    }
}
