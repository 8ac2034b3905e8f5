//! Server-Sent Events: turns the pieces of a body into the data of its events.

use bytes::{Buf, Bytes};
use futures_core::Stream;
use sse_stream::{Error, Sse, SseByteStream};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::error::{ModelError, ModelErrorKind};

/// Splits a body into events, without I/O. The caller pushes a piece, then pops events until the
/// next piece is needed.
///
/// Comments, events without data, and lines that are not fields are skipped.
pub(super) struct Frames {
    events: SseByteStream<PushedPieces>,
    pieces: PushedPieces,
    most: usize,
}

impl Frames {
    /// Accepts events of at most `most` bytes, which include field names and the comments before an
    /// event.
    pub(super) fn new(most: usize) -> Self {
        let room = Arc::new(AtomicUsize::new(most.saturating_add(1)));
        let pieces = PushedPieces { next: Arc::default(), room };
        Self { events: SseByteStream::new(pieces.clone()), pieces, most }
    }

    /// Adds a piece. The caller has popped all events of the previous piece.
    pub(super) fn push(&self, piece: Bytes) {
        *self.pieces.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(piece);
    }

    /// Returns the data of the next event; `None` if more pieces are needed to complete it.
    pub(super) fn pop(&mut self) -> Result<Option<String>, ModelError> {
        loop {
            let mut cx = Context::from_waker(Waker::noop());
            let event = match Pin::new(&mut self.events).poll_next(&mut cx) {
                Poll::Ready(Some(event)) => event.map_err(|error| self.error(&error))?,
                Poll::Ready(None) | Poll::Pending => return Ok(None),
            };
            let room = self.pieces.room.swap(self.most.saturating_add(1), Ordering::Relaxed);
            if room == 0 {
                return Err(self.too_large());
            }
            if let Sse { data: Some(data), .. } = event
                && !data.trim_ascii().is_empty()
            {
                return Ok(Some(data));
            }
        }
    }

    /// Returns the last event, if the body ended without the empty line after it.
    pub(super) fn last(&mut self) -> Option<String> {
        self.push(Bytes::from_static(b"\n\n"));
        self.pop().ok().flatten()
    }

    fn error(&self, error: &Error) -> ModelError {
        if matches!(error, Error::Body(_)) {
            return self.too_large();
        }
        let message = "the answer is malformed: an event is not UTF-8";
        ModelError::new(message).with_kind(ModelErrorKind::Unreadable)
    }

    fn too_large(&self) -> ModelError {
        let message =
            format!("an event of more than {} bytes: raise `Limits::event_bytes`", self.most);
        ModelError::new(message).with_kind(ModelErrorKind::TooLarge)
    }
}

/// Offers the pushed piece to the parser as a stream, and no more bytes of it than the event may
/// still have. The parser would otherwise buffer an endless event before this file could reject it.
#[derive(Clone)]
struct PushedPieces {
    next: Arc<Mutex<Option<Bytes>>>,
    /// The bytes that the current event may still have, plus one: at zero the event is too large.
    room: Arc<AtomicUsize>,
}

impl Stream for PushedPieces {
    type Item = Result<Piece, TooLarge>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.room.load(Ordering::Relaxed) == 0 {
            return Poll::Ready(Some(Err(TooLarge)));
        }
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        match next {
            Some(bytes) => Poll::Ready(Some(Ok(Piece { bytes, room: self.room.clone() }))),
            None => Poll::Pending,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("an event is too large")]
struct TooLarge;

/// A piece that ends where `room` does.
struct Piece {
    bytes: Bytes,
    room: Arc<AtomicUsize>,
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.len().min(self.room.load(Ordering::Relaxed))
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.get(..self.remaining()).unwrap_or_default()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.room.fetch_sub(count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(most: usize, pieces: &[&[u8]]) -> Result<Vec<String>, ModelErrorKind> {
        let mut frames = Frames::new(most);
        let mut events = Vec::new();
        for piece in pieces {
            frames.push(Bytes::copy_from_slice(piece));
            while let Some(data) = frames.pop().map_err(|error| error.kind())? {
                events.push(data);
            }
        }
        Ok(events)
    }

    const STREAM: &[u8] =
        "\u{feff}: hello\r\nevent: a\r\ndata: one  \r\n\r\ndata:two\n: x\ndata: zwo\n\n\
        id: 7\rdata\r\rretry: 1\n\nnothing\n\ndata: 3\r\r"
            .as_bytes();

    #[test]
    fn events_are_the_same_for_any_split_of_the_bytes() {
        let expected = ["one  ", "two\nzwo", "3"].map(str::to_owned);
        for size in 1..=STREAM.len() {
            let pieces: Vec<_> = STREAM.chunks(size).collect();
            assert_eq!(events(1000, &pieces).unwrap(), expected, "{size}");
        }
    }

    #[test]
    fn an_event_larger_than_the_limit_is_an_error() {
        let stream = b"data: 1234\n\ndata: 1234\n\ndata: 12345\n\ndata: 1\n\n";
        for size in 1..=stream.len() {
            let pieces: Vec<_> = stream.chunks(size).collect();
            assert_eq!(events(13, &pieces).unwrap().len(), 4, "{size}");
            assert_eq!(events(12, &pieces), Err(ModelErrorKind::TooLarge), "{size}");
        }
        // An event without an end is rejected too.
        let endless = vec![&b"data: 12345"[..]; 100];
        assert_eq!(events(1000, &endless), Err(ModelErrorKind::TooLarge));
    }

    #[test]
    fn the_last_event_needs_no_empty_line_after_it() {
        for (body, last) in
            [("data: 1", Some("1")), ("data: 1\n", Some("1")), ("data: 1\n\n", None)]
        {
            let mut frames = Frames::new(100);
            frames.push(Bytes::from_static(body.as_bytes()));
            while frames.pop().unwrap().is_some() {}
            assert_eq!(frames.last().as_deref(), last, "{body:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_an_error() {
        assert_eq!(events(100, &[b"data: \xff\n\n"]), Err(ModelErrorKind::Unreadable));
    }
}
