use http::HeaderValue;
use std::fmt;
use std::sync::Arc;

/// A secret: a key, or the value of a header. `Debug` does not show it.
#[derive(Clone)]
pub(super) struct Secret(Arc<str>);

impl Secret {
    /// Trims blanks and line ends, which are often copied together with a key.
    pub(super) fn new(text: &str) -> Self {
        Self(text.trim().into())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Builds a header value that is marked as sensitive; `None` if a header cannot hold its
    /// characters.
    pub(super) fn header(&self, before: &str) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("{before}{}", self.0)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
