use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Request, Response};
use std::future::Future;
use std::panic::catch_unwind;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

use super::body::Body;
use super::timeouts::Timeouts;
use super::transport::Transport;
use crate::error::{ModelError, ModelErrorKind};

/// The most bytes that are read of the body of an answer with the status of an error.
const ERROR_BODY: usize = 64 << 10;

/// Sends a request and reads its answer, within the timeouts of both.
pub(crate) async fn fetch<T, F>(
    transport: &dyn Transport,
    request: Request<Bytes>,
    timeouts: &Timeouts,
    read: impl FnOnce(Response<Body>) -> F,
) -> Result<T, ModelError>
where
    F: Future<Output = Result<T, ModelError>>,
{
    // Tokio panics here on a runtime that was built without `enable_time`.
    if catch_unwind(|| sleep(Duration::ZERO)).is_err() {
        let message = "the runtime has no timer: build it with `enable_all`";
        return Err(ModelError::new(message).with_kind(ModelErrorKind::Configuration));
    }
    let all = async {
        let head = transport.send(request);
        let answer = within(timeouts.first_byte, "no answer arrived", "first_byte", head).await??;
        read(answer).await
    };
    within(timeouts.total, "the answer was not complete", "total", all).await?
}

/// Reads an answer as a whole, at most `most` bytes of it.
pub(crate) async fn whole(
    answer: Response<Body>,
    idle: Duration,
    most: usize,
) -> Result<Response<Bytes>, ModelError> {
    let (head, body) = answer.into_parts();
    let is_error = !head.status.is_success();
    let body = match is_error {
        true => read_some(body, idle).await?,
        false => read(body, &head.headers, idle, most).await?,
    };
    Ok(Response::from_parts(head, body))
}

/// Whether an answer is a stream of events, by its content type or, without one, by its first byte.
pub(crate) async fn is_event_stream(
    answer: &mut Response<Body>,
    idle: Duration,
) -> Result<bool, ModelError> {
    // The first bytes of the fields of an event, of a comment, and of a byte order mark.
    const FIRST: &[u8] = b"deir:\xef";
    if !answer.status().is_success() {
        return Ok(false);
    }
    if let Some(kind) = answer.headers().get(CONTENT_TYPE) {
        let kind = kind.as_bytes().trim_ascii_start();
        let named = b"text/event-stream";
        return Ok(kind.get(..named.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(named)));
    }
    let body = answer.body_mut();
    while let Some(piece) = next(body, idle).await.transpose()? {
        let first = piece.trim_ascii_start().first().copied();
        if let Some(first) = first {
            body.put_back(piece);
            return Ok(FIRST.contains(&first));
        }
    }
    Ok(false)
}

/// The pieces of an answer that is a stream of events, at most `most` bytes of them.
pub(crate) struct Pieces {
    body: Body,
    idle: Duration,
    last_content: Instant,
    most: usize,
    left: usize,
}

impl Pieces {
    pub(crate) fn new(
        headers: &HeaderMap,
        body: Body,
        idle: Duration,
        most: usize,
    ) -> Result<Self, ModelError> {
        check_encoding(headers)?;
        Ok(Self { body, idle, last_content: Instant::now(), most, left: most })
    }

    /// Waits for the next piece; an error if no piece had content for the idle timeout.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, ModelError> {
        let left = self.idle.saturating_sub(self.last_content.elapsed());
        let next = timeout(left, self.body.next()).await.map_err(|_| late(self.idle))?;
        let Some(piece) = next.transpose()? else { return Ok(None) };
        self.left = self.left.checked_sub(piece.len()).ok_or_else(|| too_large(self.most))?;
        Ok(Some(piece))
    }

    /// Notes whether the last piece had content.
    pub(crate) fn note(&mut self, has_content: bool) {
        // `next` fails when the idle timeout passes while it is polled. If it returned a piece and
        // more than that time is over, the caller did not poll for a while: it is not known when
        // the piece arrived, so the timeout starts anew.
        if has_content || self.last_content.elapsed() > self.idle {
            self.last_content = Instant::now();
        }
    }

    /// Reads to the end of the body after the last event, so that the connection can be reused and
    /// a recorder sees the end. The end has mostly arrived already; further pieces are ignored.
    pub(crate) async fn rest(mut self) -> Result<(), ModelError> {
        const PATIENCE: Duration = Duration::from_millis(100);
        let rest = async {
            loop {
                match self.next().await {
                    Ok(Some(_)) => {}
                    // A fault on this side, such as a recording that cannot be written.
                    Err(error) if error.kind() == ModelErrorKind::Configuration => {
                        return Err(error);
                    }
                    Ok(None) | Err(_) => return Ok(()),
                }
            }
        };
        timeout(PATIENCE, rest).await.unwrap_or(Ok(()))
    }
}

fn late(idle: Duration) -> ModelError {
    late_for("no more of the answer arrived", idle, "idle")
}

fn late_for(what: &str, time: Duration, name: &str) -> ModelError {
    let message = format!("{what} within {time:?} (`Timeouts::{name}`)");
    ModelError::new(message).with_kind(ModelErrorKind::Timeout)
}

async fn within<T>(
    time: Duration,
    what: &str,
    name: &str,
    future: impl Future<Output = T>,
) -> Result<T, ModelError> {
    timeout(time, future).await.map_err(|_| late_for(what, time, name))
}

async fn next(body: &mut Body, idle: Duration) -> Option<Result<Bytes, ModelError>> {
    timeout(idle, body.next()).await.unwrap_or_else(|_| Some(Err(late(idle))))
}

async fn read(
    mut body: Body,
    headers: &HeaderMap,
    idle: Duration,
    most: usize,
) -> Result<Bytes, ModelError> {
    check_encoding(headers)?;
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > most) {
        return Err(too_large(most));
    }
    let mut whole: Vec<u8> = Vec::new();
    while let Some(piece) = next(&mut body, idle).await.transpose()? {
        if whole.len() + piece.len() > most {
            return Err(too_large(most));
        }
        if whole.len() + piece.len() > whole.capacity() {
            // Doubles, but never to more than the limit.
            let larger = (2 * whole.capacity()).clamp(whole.len() + piece.len(), most);
            whole.reserve_exact(larger - whole.len());
        }
        whole.extend_from_slice(&piece);
    }
    if length.is_some_and(|length| length > whole.len()) {
        let message = format!("the answer ended after {} bytes", whole.len());
        return Err(ModelError::new(message).with_kind(ModelErrorKind::Connection));
    }
    Ok(whole.into())
}

/// Reads as much of the body of an error as arrives within `time`: the status is enough without it.
async fn read_some(mut body: Body, time: Duration) -> Result<Bytes, ModelError> {
    let mut some = Vec::new();
    let read = async {
        while let Some(piece) = body.next().await {
            let room = ERROR_BODY - some.len();
            match piece {
                Ok(piece) => some.extend(piece.iter().take(room)),
                // A fault on this side, such as a recording that cannot be written.
                Err(error) if error.kind() == ModelErrorKind::Configuration => return Err(error),
                Err(_) => break,
            }
            if some.len() == ERROR_BODY {
                break;
            }
        }
        Ok(())
    };
    timeout(time, read).await.unwrap_or(Ok(()))?;
    Ok(some.into())
}

/// Rejects an encoded answer. No compression is requested, so that a small answer cannot expand to
/// a large one.
fn check_encoding(headers: &HeaderMap) -> Result<(), ModelError> {
    const KNOWN: [&str; 4] = ["gzip", "deflate", "br", "zstd"];
    let encoding = headers.get(CONTENT_ENCODING).filter(|encoding| *encoding != "identity");
    encoding.map_or(Ok(()), |encoding| {
        // The name is not quoted unless it is known: it could be anything, even a secret of the
        // request.
        let name = KNOWN.into_iter().find(|name| encoding == name).unwrap_or("something unknown");
        let message = format!("the answer is encoded as {name}, which was not requested");
        Err(ModelError::new(message).with_kind(ModelErrorKind::Unreadable))
    })
}

fn too_large(most: usize) -> ModelError {
    let message = format!("an answer of more than {most} bytes: raise `Limits::response_bytes`");
    ModelError::new(message).with_kind(ModelErrorKind::TooLarge)
}
