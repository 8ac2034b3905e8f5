use serde::Serialize;

use super::plain::text as plain_text;
use crate::transcript::{More, Part};

/// The output of a tool that builds it itself instead of returning a serialisable value.
///
/// # Examples
///
/// ```
/// use agent_core::{Media, ToolOutput, Part, tool};
///
/// /// Draw a chart of the prices.
/// #[tool(read)]
/// fn chart() -> ToolOutput {
///     let picture = Media::new("image/png", b"..");
///     ToolOutput::text("Prices by month:").and(Part::Image(picture)).and("They rise.")
/// }
/// # _ = chart();
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolOutput {
    text: String,
    more: More,
}

impl ToolOutput {
    /// Plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), more: None }
    }

    /// Serialises a value as JSON, but strings, unit (`done`) and unit variants as plain text.
    ///
    /// # Errors
    ///
    /// Those of the value's `Serialize`.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self, serde_json::Error> {
        plain_text(value).map(Self::text)
    }

    /// Appends an image, a document or a text. Not every provider accepts all of them in a result.
    #[must_use]
    pub fn and(mut self, part: impl Into<Part>) -> Self {
        self.more.get_or_insert_default().push(part.into());
        self
    }

    pub(crate) fn into_parts(self) -> (String, More) {
        (self.text, self.more)
    }
}

impl<T: Into<String>> From<T> for ToolOutput {
    fn from(text: T) -> Self {
        Self::text(text)
    }
}

/// An image or a document without a text before it.
impl From<Part> for ToolOutput {
    fn from(part: Part) -> Self {
        Self::default().and(part)
    }
}
