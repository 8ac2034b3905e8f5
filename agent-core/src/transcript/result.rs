use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::{error::Error, fmt, sync::Arc};

use super::call::ToolCall;
use super::part::{More, Part};

/// The one result of a tool call.
#[derive(Clone, Serialize, Deserialize)]
pub struct ToolResult {
    pub(super) call_id: Arc<str>,
    name: Arc<str>,
    status: CallStatus,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    more: More,
    /// The length of the text before it was cut, if it was.
    #[serde(skip)]
    whole: Option<NonZeroUsize>,
    /// For the host only: the model receives the error's text.
    #[serde(skip)]
    error: Option<Arc<dyn Error + Send + Sync>>,
}

impl ToolResult {
    /// Creates the result of a call, for a history that is built elsewhere.
    #[must_use]
    pub fn new(call: &ToolCall, status: CallStatus, text: impl Into<String>) -> Self {
        let (call_id, name) = (call.shared_id(), call.shared_name());
        Self { call_id, name, status, text: text.into(), more: None, whole: None, error: None }
    }

    /// Sets the parts after the text: images, documents and further texts.
    #[must_use]
    pub fn with_more(self, more: impl Into<Vec<Part>>) -> Self {
        let more = more.into();
        self.and_more((!more.is_empty()).then(|| Box::new(more)))
    }

    pub(crate) fn and_more(mut self, more: More) -> Self {
        self.more = more;
        self
    }

    pub(crate) fn with_error(mut self, error: Option<Arc<dyn Error + Send + Sync>>) -> Self {
        self.error = error;
        self
    }

    /// Moves the result to another call with the same tool and arguments.
    pub(crate) fn of(mut self, call: &ToolCall) -> Self {
        (self.call_id, self.name) = (call.shared_id(), call.shared_name());
        self
    }

    /// The id of the call that this answers.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// The name of the tool, as the model wrote it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the call ended.
    #[must_use]
    pub fn status(&self) -> CallStatus {
        self.status
    }

    /// Whether the call ended in any way but [`CallStatus::Completed`].
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.status != CallStatus::Completed
    }

    /// The text for the model, up to the first image or document.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parts for the model after the text: images, documents and further texts; often empty.
    #[must_use]
    pub fn more(&self) -> &[Part] {
        self.more.as_ref().map(|more| more.as_slice()).unwrap_or_default()
    }

    /// The tool's own error with its sources. It is not saved, so only the process of the call has
    /// it.
    #[must_use]
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.error.as_deref()
    }

    /// The lengths of its texts in bytes.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = usize> + Clone {
        let more = self.more().iter().map(|part| match part {
            Part::Text(text) => text.len(),
            _ => 0,
        });
        std::iter::once(self.text.len()).chain(more)
    }

    /// Shortens its texts with `cut`, which receives the length of a text before any cut.
    pub(crate) fn cut_texts(&mut self, cut: impl Fn(&mut String, &mut Option<NonZeroUsize>)) {
        cut(&mut self.text, &mut self.whole);
        for part in self.more.iter_mut().flat_map(|more| more.iter_mut()) {
            if let Part::Text(text) = part {
                let mut shorter = String::from(&**text);
                cut(&mut shorter, &mut None);
                if shorter.len() < text.len() {
                    *text = shorter.into();
                }
            }
        }
    }

    /// Its images and documents, for the caller to replace those that are too large.
    pub(crate) fn media_mut(&mut self) -> impl Iterator<Item = &mut Part> {
        self.more
            .iter_mut()
            .flat_map(|more| more.iter_mut())
            .filter(|part| !matches!(part, Part::Text(_)))
    }
}

impl PartialEq for ToolResult {
    fn eq(&self, other: &Self) -> bool {
        let key = |r: &Self| (r.call_id.clone(), r.name.clone(), r.status);
        key(self) == key(other) && self.text == other.text && self.more == other.more
    }
}

impl fmt::Debug for ToolResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolResult")
            .field("call_id", &self.call_id)
            .field("name", &self.name)
            .field("status", &self.status)
            .field("text", &self.text)
            .field("more", &self.more())
            .finish_non_exhaustive()
    }
}

/// How a tool call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallStatus {
    /// The tool returned.
    Completed,
    /// The tool returned an error or panicked, or the call did not fit any tool.
    Failed,
    /// The tool did not end within its time; it may have taken effect.
    TimedOut,
    /// The tool was stopped while it ran; it may have taken effect.
    Interrupted,
    /// Nothing of the tool ran.
    NotRun,
}
