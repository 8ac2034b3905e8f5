use bytes::Bytes;
use futures_core::Stream;
use std::fs::{self, File};
use std::future::Future;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::{fmt, mem};

use super::body::Body;
use super::exchange::{Exchange, RecordedAnswer, RecordedRequest};
use super::secrets::Secrets;
use super::transport::Transport;
use crate::error::{ModelError, ModelErrorKind};
use crate::model::BoxFuture;

/// The most bytes of a body that a recording holds.
const MOST: usize = 64 << 20;

/// Writes each exchange of another transport to a file, for a [`Replayer`](super::Replayer).
///
/// The files are called `0001.json`, `0002.json` and so on, in the order of the requests and after
/// the files that exist. The recorder passes the answer's body through as it arrives, and the file
/// is complete when the body has ended. A body that fails, is dropped or has more than 64 MiB is
/// recorded up to there and marked as cut; a request that is dropped before its answer arrived
/// leaves no file.
///
/// A recording holds the path of a request's address and a few of its headers, but none that
/// identifies the sender. The values of headers that are
/// [sensitive](http::HeaderValue::is_sensitive) (of six bytes or more for a key, of sixteen for
/// another header) are replaced by `[secret]` wherever a recording would hold them, plain or as
/// JSON escapes them. Everything else is recorded unchanged.
///
/// Files are written synchronously, not on another thread: they are small, the `Drop` of a body
/// could not wait for a thread, and a recording that has ended can be read at once.
///
/// # Examples
///
/// ```
/// use agent_core::Agent;
/// use agent_core::providers::Anthropic;
/// use agent_core::transport::{Recorder, Timeouts};
/// # use agent_core::transport::{Body, Transport};
/// # use agent_core::{BoxFuture, ModelError};
/// # struct Http;
/// # impl Http {
/// #     fn new(_: Timeouts) -> Result<Self, ModelError> { Ok(Self) }
/// # }
/// # impl Transport for Http {
/// #     fn send(
/// #         &self,
/// #         _: http::Request<bytes::Bytes>,
/// #     ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
/// #         let answer = r#"{"content": [{"type": "text", "text": "Hello."}]}"#;
/// #         Box::pin(async move { Ok(http::Response::new(Body::from(answer))) })
/// #     }
/// # }
/// use std::fs;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("recorder-{}", std::process::id()));
/// let recorder = Recorder::new(&folder, Http::new(Timeouts::default())?)?;
/// let model = Anthropic::new("claude-sonnet-4-6", "sk-ant-1234").transport(recorder);
/// Agent::new(model).run("Hi").await?;
///
/// let recording = fs::read_to_string(folder.join("0001.json"))?;
/// assert!(recording.contains("Hello.") && !recording.contains("sk-ant-1234"));
/// # fs::remove_dir_all(folder)?;
/// # Ok(())
/// # }
/// ```
pub struct Recorder {
    folder: PathBuf,
    inner: Box<dyn Transport>,
    next: AtomicU64,
    failed: Arc<Failed>,
}

/// The first file that could not be written. After that, every request fails.
type Failed = OnceLock<(PathBuf, Arc<io::Error>)>;

impl Recorder {
    /// Records the exchanges of `inner` in this folder, which is created if it is missing.
    ///
    /// # Errors
    ///
    /// When the folder cannot be created or read.
    pub fn new(
        folder: impl Into<PathBuf>,
        inner: impl Transport + 'static,
    ) -> Result<Self, ModelError> {
        let folder = folder.into();
        let highest = fs::create_dir_all(&folder).and_then(|()| highest(&folder));
        let highest = highest.map_err(|error| unwritten(&folder, Arc::new(error)))?;
        let next = AtomicU64::new(highest.saturating_add(1));
        Ok(Self { folder, inner: Box::new(inner), next, failed: Arc::default() })
    }

    fn begin(&self, request: &http::Request<Bytes>) -> Result<Recording, ModelError> {
        if let Some((path, error)) = self.failed.get() {
            return Err(unwritten(path, error.clone()));
        }
        let (path, file) = self.create()?;
        let secrets = Secrets::of(request.headers());
        let request = Some(RecordedRequest::of(request, &secrets));
        let exchange = Exchange { request, response: None, error: None };
        Ok(Recording {
            path,
            file,
            secrets,
            exchange,
            complete: false,
            failed: self.failed.clone(),
        })
    }

    fn create(&self) -> Result<(PathBuf, File), ModelError> {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let path = self.folder.join(format!("{number:04}.json"));
            match File::create_new(&path) {
                Ok(file) => return Ok((path, file)),
                // Another recorder writes to the same folder.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unwritten(&path, Arc::new(error))),
            }
        }
    }
}

/// The highest number among the names of the files.
fn highest(folder: &Path) -> io::Result<u64> {
    let mut highest = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        highest = highest.max(number.unwrap_or_default());
    }
    Ok(highest)
}

impl Transport for Recorder {
    /// Sends the request over the inner transport. The file is created before anything is sent.
    ///
    /// # Errors
    ///
    /// Those of the inner transport, and [`ModelErrorKind::Configuration`] when the file cannot be
    /// written; if that happens at the end of a body, it is the error of the body and of every
    /// later request.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
        // Before the first poll, so that the files are in the order of the requests.
        let entry = self.begin(&request);
        Box::pin(async move {
            let mut entry = entry?;
            match self.inner.send(request).await {
                Ok(answer) => {
                    let (head, inner) = answer.into_parts();
                    entry.exchange.response = Some(RecordedAnswer::of(&head, &entry.secrets));
                    let pass = Pass { inner, kept: Vec::new(), entry: Some(entry) };
                    Ok(http::Response::from_parts(head, Body::new(pass)))
                }
                Err(error) => {
                    entry.exchange.error = Some(entry.secrets.text(error.to_string().as_bytes()));
                    entry.write()?;
                    Err(error)
                }
            }
        })
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("folder", &self.folder).finish_non_exhaustive()
    }
}

fn unwritten(path: &Path, error: Arc<io::Error>) -> ModelError {
    let message = format!("no recording can be written to {}", path.display());
    ModelError::new(message).with_kind(ModelErrorKind::Configuration).caused_by(error)
}

/// The file of an exchange: empty until the exchange has ended, removed if it is not written.
struct Recording {
    path: PathBuf,
    file: File,
    secrets: Secrets,
    exchange: Exchange,
    complete: bool,
    failed: Arc<Failed>,
}

impl Recording {
    fn write(mut self) -> Result<(), ModelError> {
        let mut file = BufWriter::new(&self.file);
        let json = serde_json::to_writer_pretty(&mut file, &self.exchange);
        let written = json.map_err(io::Error::from).and_then(|()| writeln!(file));
        let written = written.and_then(|()| file.flush());
        drop(file);
        self.complete = written.is_ok();
        written.map_err(|error| {
            let error = Arc::new(error);
            _ = self.failed.set((self.path.clone(), error.clone()));
            unwritten(&self.path, error)
        })
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if !self.complete {
            _ = fs::remove_file(&self.path);
        }
    }
}

/// Passes a body through and keeps its bytes until they are written.
struct Pass {
    inner: Body,
    kept: Vec<u8>,
    entry: Option<Recording>,
}

impl Pass {
    fn finish(&mut self, cut: bool) -> Result<(), ModelError> {
        let Some(mut entry) = self.entry.take() else { return Ok(()) };
        let body = mem::take(&mut self.kept);
        if let Some(answer) = &mut entry.exchange.response {
            answer.set_body(&body, &entry.secrets);
            answer.cut = cut;
        }
        entry.write()
    }
}

impl Stream for Pass {
    type Item = Result<Bytes, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(pin!(self.inner.next()).poll(cx));
        let written = match &next {
            None => self.finish(false),
            Some(Ok(piece)) if self.kept.len() + piece.len() <= MOST => {
                if self.entry.is_some() {
                    self.kept.extend_from_slice(piece);
                }
                Ok(())
            }
            Some(_) => self.finish(true),
        };
        Poll::Ready(written.map_or_else(|error| Some(Err(error)), |()| next))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        // `drop` cannot return an error, so the next request does.
        _ = self.finish(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Never;

    impl Transport for Never {
        fn send(
            &self,
            _: http::Request<Bytes>,
        ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
            panic!("a request was sent")
        }
    }

    #[tokio::test]
    async fn a_write_error_is_the_error_of_the_body_and_of_every_later_request() {
        let folder = std::env::temp_dir().join(format!("unwritten-{}", std::process::id()));
        let recorder = Recorder::new(&folder, Never).unwrap();
        let mut entry = recorder.begin(&http::Request::default()).unwrap();
        entry.file = File::open(&entry.path).unwrap(); // opened for reading
        let mut body = Pass { inner: Body::from("all"), kept: Vec::new(), entry: Some(entry) };
        let next = |body: &mut Pass| {
            let mut cx = Context::from_waker(std::task::Waker::noop());
            Pin::new(body).poll_next(&mut cx)
        };
        assert!(matches!(next(&mut body), Poll::Ready(Some(Ok(piece))) if piece == "all"));
        let Poll::Ready(Some(Err(error))) = next(&mut body) else { panic!("no error") };
        assert_eq!(error.kind(), ModelErrorKind::Configuration);
        assert!(error.to_string().ends_with("0001.json"), "{error}");
        assert!(matches!(next(&mut body), Poll::Ready(None)));
        for _ in 0..2 {
            let later = recorder.send(http::Request::default()).await.unwrap_err();
            assert_eq!(later.to_string(), error.to_string());
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        fs::remove_dir(&folder).unwrap();
    }
}
