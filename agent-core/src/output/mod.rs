//! What a tool returns, as the text that the model reads.

mod plain;
pub(crate) mod returned;

pub use returned::{IntoFailure, IntoOutput};

use serde::Serialize;

/// A tool's result, for tools that make it by hand instead of returning something serialisable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    text: String,
}

impl Output {
    /// Plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// A value as JSON, but strings, unit (`done`) and unit variants as plain text.
    ///
    /// # Errors
    ///
    /// Whatever the value's `Serialize` returns.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self, serde_json::Error> {
        plain::text(value).map(|text| Self { text })
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

impl<T: Into<String>> From<T> for Output {
    fn from(text: T) -> Self {
        Self::text(text)
    }
}
