use bytes::Bytes;
use futures_core::Stream;
use std::fmt;
use std::fs;
use std::future::ready;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::vec;

use super::body::Body;
use super::compare::{Expected, Sent};
use super::exchange::{Exchange, RecordedAnswer};
use super::transport::Transport;
use crate::error::{ModelError, ModelErrorKind};
use crate::json::excerpt;
use crate::model::BoxFuture;

/// Answers requests from recordings, such as a [`Recorder`](super::Recorder) makes.
///
/// A request gets the answer of the first unused recording whose request has the same path and a
/// body with the same JSON value. A `[secret]` in a recording matches any text, so any key can be
/// used. A recording without a request matches all requests.
///
/// An answer that was recorded as cut fails where it was cut, and a recorded error is returned
/// again, both as [`ModelErrorKind::Connection`].
///
/// # Examples
///
/// ```
/// use agent_core::Agent;
/// use agent_core::providers::Anthropic;
/// use agent_core::transport::Replayer;
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let file = std::env::temp_dir().join(format!("replayer-{}.json", std::process::id()));
/// # std::fs::write(&file, r#"{
/// #     "request": {"path": "/v1/messages", "body": {
/// #         "model": "claude-sonnet-4-6", "stream": true, "max_tokens": 16000, "cache_control": {"type": "ephemeral"},
/// #         "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]
/// #     }},
/// #     "response": {"status": 200, "body_text": "{\"content\": [{\"type\": \"text\", \"text\": \"Hello.\"}]}"}
/// # }"#)?;
/// let replayer = Arc::new(Replayer::open(&file)?);
/// let model = Anthropic::new("claude-sonnet-4-6", "no key").transport(replayer.clone());
/// assert_eq!(Agent::new(model).run("Hi").await?.text(), "Hello.");
/// assert_eq!(replayer.left(), 0);
/// # std::fs::remove_file(file)?;
/// # Ok(())
/// # }
/// ```
pub struct Replayer {
    path: PathBuf,
    count: usize,
    compares: bool,
    left: Mutex<Vec<Recorded>>,
}

struct Recorded {
    name: String,
    request: Option<Expected>,
    answer: Result<http::Response<Body>, ModelError>,
}

impl Recorded {
    fn mismatch(&self, sent: &Sent) -> Option<String> {
        self.request.as_ref()?.mismatch(sent)
    }
}

impl Replayer {
    /// Reads a recording, or those of a folder: its files `*.json`, in the order of their names.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is not a recording: the error names the file and the place in
    /// it. When there are no recordings.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let files = files(path).map_err(|error| unread(path, error))?;
        let left: Vec<_> = files.iter().map(|file| read(file)).collect::<Result<_, _>>()?;
        if left.is_empty() {
            return Err(configuration(format!("no recordings in {}", path.display())));
        }
        let (path, count) = (path.to_owned(), left.len());
        Ok(Self { path, count, compares: true, left: Mutex::new(left) })
    }

    /// Serves the recordings one after another, without comparing the requests.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.compares = false;
        self
    }

    /// The number of recordings that are not used yet.
    #[must_use]
    pub fn left(&self) -> usize {
        self.lock().len()
    }

    fn serve(&self, request: &http::Request<Bytes>) -> Result<http::Response<Body>, ModelError> {
        let sent = Sent::of(request);
        let mut left = self.lock();
        let fits = |recorded: &Recorded| !self.compares || recorded.mismatch(&sent).is_none();
        if let Some(at) = left.iter().position(fits) {
            return left.remove(at).answer;
        }
        let next = left.first().and_then(|next| Some((&next.name, next.mismatch(&sent)?)));
        Err(configuration(match next {
            Some((name, place)) => format!("the request is not as recorded: {name}: {place}"),
            None => {
                format!("all recordings in {} are used up: {}", self.path.display(), self.count)
            }
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Recorded>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Replayer {
    /// Serves a recording; it counts as used from this call on, even if the future is dropped.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when no recording matches; its text names the next unused
    /// recording and the first place where the request differs.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
        Box::pin(ready(self.serve(&request)))
    }
}

impl fmt::Debug for Replayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replayer")
            .field("path", &self.path)
            .field("left", &self.left())
            .finish_non_exhaustive()
    }
}

fn configuration(message: String) -> ModelError {
    ModelError::new(message).with_kind(ModelErrorKind::Configuration)
}

fn unread(path: &Path, error: io::Error) -> ModelError {
    configuration(format!("{} cannot be read", path.display())).caused_by(error)
}

fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let files = fs::read_dir(path)?.map(|entry| Ok(entry?.path()));
    let mut files: Vec<_> = files.collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    // Sorted as numbers: 10000 follows 9999.
    let number = |file: &PathBuf| file.file_stem()?.to_str()?.parse::<u64>().ok();
    files.sort_by_cached_key(|file| (number(file), file.clone()));
    Ok(files)
}

fn read(file: &Path) -> Result<Recorded, ModelError> {
    let text = fs::read(file).map_err(|error| unread(file, error))?;
    let not_a_recording = |place: String, what: &str| {
        configuration(format!("{}{place}: not a recording: {}", file.display(), excerpt(what, 200)))
    };
    let exchange: Exchange = serde_json::from_slice(&text).map_err(|error| {
        not_a_recording(format!(":{}:{}", error.line(), error.column()), &error.to_string())
    })?;
    let answer = match (exchange.response, exchange.error) {
        (Some(answer), _) => {
            Ok(replayed(&answer).map_err(|what| not_a_recording(": response".to_owned(), &what))?)
        }
        (None, Some(error)) => Err(ModelError::new(error).with_kind(ModelErrorKind::Connection)),
        (None, None) => {
            return Err(not_a_recording(String::new(), "neither `response` nor `error`"));
        }
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Recorded { name, request: exchange.request.map(Expected::from), answer })
}

fn replayed(recorded: &RecordedAnswer) -> Result<http::Response<Body>, String> {
    let body = recorded.body().map_err(|error| format!("`body_base64`: {error}"))?;
    let mut pieces = vec![Ok(body)];
    if recorded.cut {
        let message = "the answer was cut here when it was recorded";
        pieces.push(Err(ModelError::new(message).with_kind(ModelErrorKind::Connection)));
    }
    let mut answer = http::Response::builder().status(recorded.status);
    for (name, value) in &recorded.headers {
        answer = answer.header(name, value);
    }
    let answer = answer.body(Body::new(RecordedPieces(pieces.into_iter())));
    answer.map_err(|error| error.to_string())
}

struct RecordedPieces(vec::IntoIter<Result<Bytes, ModelError>>);

impl Stream for RecordedPieces {
    type Item = Result<Bytes, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next())
    }
}
