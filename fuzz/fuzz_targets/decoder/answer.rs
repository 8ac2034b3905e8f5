//! An answer of the Messages API that comes in pieces.

use agent_core::transport::{Body, Transport};
use agent_core::{BoxFuture, ModelError};
use bytes::Bytes;
use futures_core::Stream;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

/// How a body is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    Nowhere,
    Every(usize),
    /// Anywhere, as the bytes themselves have it.
    Anywhere,
}

impl Cut {
    pub(crate) fn pieces(self, body: &[u8]) -> Vec<Bytes> {
        let body = Bytes::copy_from_slice(body);
        let mut state = body.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut pieces = Vec::new();
        let mut from = 0;
        while from < body.len() {
            let size = match self {
                Self::Nowhere => body.len(),
                Self::Every(size) => size,
                Self::Anywhere => {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    // Short ones mostly.
                    let most = [1, 4, 30, 300][(state >> 62) as usize];
                    usize::try_from((state >> 33) % most).unwrap_or_default()
                }
            };
            let to = body.len().min(from.saturating_add(size));
            pieces.push(body.slice(from..to));
            from = to;
        }
        pieces
    }
}

/// Sends these pieces as the first answer, and then that all is done; keeps what was asked.
#[derive(Clone, Default)]
pub(crate) struct Server {
    first: Arc<Mutex<Option<Vec<Bytes>>>>,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

const DONE: &str = r#"{"type":"message","model":"m","content":[{"type":"text","text":"Done."}],
    "stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}"#;

impl Server {
    pub(crate) fn new(pieces: Vec<Bytes>) -> Self {
        Self { first: Arc::new(Mutex::new(Some(pieces))), asked: Arc::default() }
    }
}

impl Transport for Server {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, ModelError>> {
        let asked = String::from_utf8(request.into_body().into()).expect("a request is text");
        self.asked.lock().unwrap().push(asked);
        let answer = match self.first.lock().unwrap().take() {
            Some(pieces) => http::Response::builder()
                .header("content-type", "text/event-stream")
                .body(Body::new(Pieces(pieces.into_iter()))),
            None => http::Response::builder().body(Body::from(DONE)),
        };
        Box::pin(async { Ok(answer.unwrap()) })
    }
}

struct Pieces(std::vec::IntoIter<Bytes>);

impl Stream for Pieces {
    type Item = Result<Bytes, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}
