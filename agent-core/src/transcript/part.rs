use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use std::fmt;
use std::sync::Arc;

/// A part of a user's input or of a tool's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// Plain text.
    Text(Arc<str>),
    /// A picture.
    Image(Media),
    /// A document, such as a PDF or a plain text that is to be read as one.
    Document(Media),
}

/// The parts after the text of a result. Most results have none, and then this is one pointer.
pub(crate) type More = Option<Box<Vec<Part>>>;

impl Part {
    /// The size of its content in bytes, as it is sent.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Image(media) | Self::Document(media) => media.size(),
        }
    }
}

impl<T: Into<Arc<str>>> From<T> for Part {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

/// The content of an image or a document. Cloning shares it.
///
/// The provider decides which kinds and sizes it accepts: Anthropic accepts JPEG, PNG, GIF and WebP
/// images, PDF and plain text documents.
///
/// # Examples
///
/// ```
/// use agent_core::Media;
///
/// let dot = Media::new("image/gif", b"GIF89a");
/// assert_eq!((dot.media_type(), dot.data()), ("image/gif", "R0lGODlh"));
/// let report = Media::text("All is well.").titled("Report");
/// assert_eq!((report.media_type(), report.data()), ("text/plain", "All is well."));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    #[serde(rename = "media_type")]
    kind: Arc<str>,
    #[serde(flatten)]
    source: MediaSource,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<Arc<str>>,
}

/// How the content of a [`Media`] is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MediaSource {
    /// Bytes in base64.
    Base64(Arc<str>),
    /// Plain text.
    Text(Arc<str>),
    /// The address from which the provider fetches it.
    Url(Arc<str>),
}

impl Media {
    /// Creates content from its bytes and their media type, such as `image/png` or
    /// `application/pdf`.
    #[must_use]
    pub fn new(media_type: impl Into<Arc<str>>, bytes: impl AsRef<[u8]>) -> Self {
        let source = MediaSource::Base64(STANDARD.encode(bytes).into());
        Self { kind: media_type.into(), source, title: None }
    }

    /// Creates a document from a text.
    #[must_use]
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        let source = MediaSource::Text(text.into());
        Self { kind: "text/plain".into(), source, title: None }
    }

    /// Creates content that the provider fetches from an address.
    #[must_use]
    pub fn url(media_type: impl Into<Arc<str>>, url: impl Into<Arc<str>>) -> Self {
        let source = MediaSource::Url(url.into());
        Self { kind: media_type.into(), source, title: None }
    }

    /// Gives a document a title, which the model reads.
    #[must_use]
    pub fn titled(mut self, title: impl Into<Arc<str>>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// The media type, such as `image/png`.
    #[must_use]
    pub fn media_type(&self) -> &str {
        &self.kind
    }

    /// How the content is given.
    #[must_use]
    pub fn source(&self) -> &MediaSource {
        &self.source
    }

    /// The content as it is sent: base64, a text, or an address.
    #[must_use]
    pub fn data(&self) -> &str {
        match &self.source {
            MediaSource::Base64(data) | MediaSource::Text(data) | MediaSource::Url(data) => data,
        }
    }

    /// The title of a document.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    fn size(&self) -> usize {
        self.data().len()
    }
}

/// Omits the content, which is large.
impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Media")
            .field("media_type", &self.kind)
            .field("size", &self.size())
            .field("title", &self.title)
            .finish_non_exhaustive()
    }
}

/// The input of the user, or of the program in the user's place: a text, or several parts.
///
/// # Examples
///
/// ```
/// use agent_core::{Input, Media, Part};
///
/// let plain = Input::from("What is the weather?");
/// let picture = Media::new("image/png", b"..");
/// let with_picture = Input::from("What is on this picture?").and(Part::Image(picture));
/// assert_eq!((plain.parts().len(), with_picture.parts().len()), (1, 2));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input(SmallVec<[Part; 1]>);

impl Input {
    /// Appends a part.
    #[must_use]
    pub fn and(mut self, part: impl Into<Part>) -> Self {
        self.0.push(part.into());
        self
    }

    /// The parts, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    pub(crate) fn into_parts(self) -> Arc<[Part]> {
        self.0.into_iter().collect()
    }
}

impl From<Vec<Part>> for Input {
    fn from(parts: Vec<Part>) -> Self {
        Self(parts.into())
    }
}

macro_rules! from_one {
    ($($type:ty),*) => {
        $(impl From<$type> for Input {
            fn from(part: $type) -> Self {
                Self(smallvec![part.into()])
            }
        })*
    };
}

from_one!(Part, &str, String, Arc<str>);

impl From<&String> for Input {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}
