use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, Request, Response};
use std::future::Future;
use std::panic::catch_unwind;
use std::time::Duration;
use tokio::time::{sleep, timeout};

use super::{Body, Timeouts, Transport};
use crate::error::{ModelError, ModelErrorKind};

/// As much is read of an answer with the status of an error.
const ERROR_BODY: usize = 64 << 10;

/// Sends a request and reads the answer as a whole, within its times and at most `most` bytes of it.
pub(crate) async fn fetch(
    transport: &dyn Transport,
    request: Request<Bytes>,
    timeouts: &Timeouts,
    most: usize,
) -> Result<Response<Bytes>, ModelError> {
    // Tokio panics here on a runtime that was built without `enable_time`.
    if catch_unwind(|| sleep(Duration::ZERO)).is_err() {
        let message = "the runtime has no timer: build it with `enable_all`";
        return Err(ModelError::new(message).with_kind(ModelErrorKind::Configuration));
    }
    let whole = async {
        let head = transport.send(request);
        let answer = within(timeouts.first_byte, "no answer came", "first_byte", head).await??;
        let (head, body) = answer.into_parts();
        let is_error = !head.status.is_success();
        let body = match is_error {
            true => read_some(body, timeouts.idle).await?,
            false => read(body, &head.headers, timeouts.idle, most).await?,
        };
        Ok(Response::from_parts(head, body))
    };
    within(timeouts.total, "the answer was not complete", "total", whole).await?
}

async fn within<T>(
    time: Duration,
    what: &str,
    name: &str,
    future: impl Future<Output = T>,
) -> Result<T, ModelError> {
    timeout(time, future).await.map_err(|_| {
        let message = format!("{what} within {time:?} (`Timeouts::{name}`)");
        ModelError::new(message).with_kind(ModelErrorKind::Timeout)
    })
}

async fn next(body: &mut Body, idle: Duration) -> Option<Result<Bytes, ModelError>> {
    let next = within(idle, "no more of the answer came", "idle", body.next()).await;
    next.unwrap_or_else(|late| Some(Err(late)))
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
            // Doubled, but never to more than may come.
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

/// What comes of the body of an error within this time: the status says enough without it.
async fn read_some(mut body: Body, time: Duration) -> Result<Bytes, ModelError> {
    let mut some = Vec::new();
    let read = async {
        while let Some(piece) = body.next().await {
            let room = ERROR_BODY - some.len();
            match piece {
                Ok(piece) => some.extend(piece.iter().take(room)),
                // What is wrong on this side, such as a recording that cannot be written.
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

/// No compression is asked for, so that no small answer can become a large one.
fn check_encoding(headers: &HeaderMap) -> Result<(), ModelError> {
    const KNOWN: [&str; 4] = ["gzip", "deflate", "br", "zstd"];
    let encoding = headers.get(CONTENT_ENCODING).filter(|encoding| *encoding != "identity");
    encoding.map_or(Ok(()), |encoding| {
        // Another text may be anything, what was sent as a secret too.
        let name = KNOWN.into_iter().find(|name| encoding == name).unwrap_or("something else");
        let message = format!("the answer is encoded as {name}, which was not asked for");
        Err(ModelError::new(message).with_kind(ModelErrorKind::Unreadable))
    })
}

fn too_large(most: usize) -> ModelError {
    let message = format!("an answer of more than {most} bytes: raise `Limits::response`");
    ModelError::new(message).with_kind(ModelErrorKind::TooLarge)
}
