use http::HeaderValue;
use std::fmt;
use std::sync::Arc;

/// What must not be seen: a key, or the value of a header. Its `Debug` does not show it.
#[derive(Clone)]
pub(super) struct Secret(Arc<str>);

impl Secret {
    /// Without the blanks and line ends that come along when a key is copied.
    pub(super) fn new(text: &str) -> Self {
        Self(text.trim().into())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a header, marked as a secret; `None` if it has characters that no header takes.
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
