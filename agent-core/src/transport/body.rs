use bytes::Bytes;
use futures_core::Stream;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::ModelError;

/// The body of an answer, read piece by piece as it arrives.
///
/// # Examples
///
/// ```
/// use agent_core::transport::Body;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), agent_core::ModelError> {
/// let mut body = Body::from("all at once");
/// assert_eq!(body.next().await.transpose()?.as_deref(), Some(&b"all at once"[..]));
/// assert!(body.next().await.is_none());
/// # Ok(())
/// # }
/// ```
pub struct Body {
    pieces: Pin<Box<dyn Stream<Item = Result<Bytes, ModelError>> + Send>>,
    first: Option<Bytes>,
}

impl Body {
    /// A body whose pieces are the items of a stream.
    pub fn new(pieces: impl Stream<Item = Result<Bytes, ModelError>> + Send + 'static) -> Self {
        Self { pieces: Box::pin(pieces), first: None }
    }

    /// Waits for the next piece; `None` at the end. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<Bytes, ModelError>> {
        match self.first.take() {
            Some(first) => Some(Ok(first)),
            None => poll_fn(|cx| self.pieces.as_mut().poll_next(cx)).await,
        }
    }

    /// Makes `piece` the next one again.
    pub(super) fn put_back(&mut self, piece: Bytes) {
        self.first = Some(piece);
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(whole: T) -> Self {
        Self::new(Whole(Some(whole.into())))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}

/// A stream of one piece.
struct Whole(Option<Bytes>);

impl Stream for Whole {
    type Item = Result<Bytes, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}
