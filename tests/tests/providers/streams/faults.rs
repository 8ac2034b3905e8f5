//! What goes wrong after each byte of a stream.

use agent_core::transport::Timeouts;
use agent_core::{Limits, ModelError, ModelErrorKind as Kind, ToolCall};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use std::time::Duration;
use tokio::time::Instant;

use super::source::{Answer, Came, piece, say, taken, taken_whole, taken_with, three_calls};

const IDLE: Duration = Duration::from_secs(60);

/// After how many bytes of the stream each call is complete: with the event that moves past it.
fn moved_past(body: &str) -> Vec<usize> {
    let ends = |what: &str| -> Vec<usize> {
        body.match_indices(what).map(|(at, _)| at + body[at..].find("\n\n").unwrap()).collect()
    };
    let starts = ends(r#""type":"tool_use""#);
    [&starts[1..], &ends(r#""type":"message_delta""#)].concat()
}

struct Expected {
    whole: Came,
    calls: Vec<ToolCall>,
    moved_past: Vec<usize>,
}

impl Expected {
    /// Whatever went wrong after so many bytes: it is an error or the whole, and no call is told to
    /// be complete that is another, or that the stream has not moved past.
    fn check(&self, what: &str, cut: usize, came: &Came, kinds: &[Kind]) {
        match &came.response {
            Ok(response) => assert_eq!(response, self.whole.response(), "{what} at {cut}"),
            Err(error) => assert!(kinds.contains(&error.kind()), "{what} at {cut}: {error:?}"),
        }
        let passed = |cut| self.moved_past.iter().filter(|end| **end <= cut).count();
        let complete: Vec<_> = came.complete().into_iter().cloned().collect();
        assert_eq!(complete, self.calls[..complete.len()], "{what} at {cut}");
        // The empty line that ends an event may be what follows.
        let all = passed(cut.saturating_sub(2))..=passed(cut);
        assert!(all.contains(&complete.len()), "{what} at {cut}: {complete:?}");
    }
}

async fn expected(body: &str) -> Expected {
    let whole = taken_whole(body).await;
    let calls: Vec<_> = whole.response().calls().cloned().collect();
    let moved_past = moved_past(body);
    assert_eq!((calls.len(), moved_past.len()), (3, 3));
    Expected { whole, calls, moved_past }
}

/// The first bytes of a stream, at once or in small pieces, and then something else.
fn first(
    body: &[u8],
    cut: usize,
    size: usize,
    then: impl Stream<Item = Result<Bytes, ModelError>> + Send + 'static,
) -> Answer {
    let pieces: Vec<_> = body[..cut].chunks(size).map(piece).collect();
    Answer::events(stream::iter(pieces).chain(then))
}

const GARBAGE: [&[u8]; 3] =
    [b"\xff\xfe\x00\n\n", b"garbage}]\"\n\ndata: <html>\n\n", b"data: {\n\n"];

const OVERLOADED: &str = "event: error\ndata: {\"type\":\"error\",\"error\":\
    {\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";

fn reset() -> Result<Bytes, ModelError> {
    Err(ModelError::new("reset").with_kind(Kind::Connection))
}

#[tokio::test(start_paused = true)]
async fn a_fault_after_each_byte_is_an_error_or_the_whole_response_and_no_wrong_call() {
    let body = three_calls();
    let expected = expected(&body).await;
    let bytes = body.as_bytes();
    let (mut faults, mut whole) = (0, 0);
    for cut in 0..=bytes.len() {
        for size in [bytes.len(), 7] {
            let at =
                |then: Vec<Result<Bytes, ModelError>>| first(bytes, cut, size, stream::iter(then));
            let came = taken(at(vec![])).await;
            expected.check("end", cut, &came, &[Kind::Connection]);
            whole += usize::from(came.response.is_ok());

            let came = taken(at(vec![reset()])).await;
            expected.check("reset", cut, &came, &[Kind::Connection]);

            // Within an event it is no event of its own, and the other one is broken.
            let is_between =
                body.is_char_boundary(cut) && (cut == 0 || body[..cut].ends_with("\n\n"));
            let kinds = if is_between {
                vec![Kind::Overloaded]
            } else {
                vec![Kind::Overloaded, Kind::Unreadable]
            };
            let came = taken(at(vec![piece(OVERLOADED.as_bytes())])).await;
            expected.check("error", cut, &came, &kinds);
            if let Err(error) = &came.response
                && is_between
            {
                assert!(error.is_retryable() && error.status() == Some(200), "{error}");
                assert_eq!(error.request_id(), Some("req_1"));
            }

            let garbage = GARBAGE[cut % GARBAGE.len()];
            let came = taken(at(vec![piece(garbage)])).await;
            expected.check("garbage", cut, &came, &[Kind::Unreadable, Kind::Connection]);

            let began = Instant::now();
            let stalls = first(bytes, cut, size, stream::pending());
            let came = taken_with(stalls, Limits::default(), Timeouts::default().idle(IDLE)).await;
            expected.check("stall", cut, &came, &[Kind::Timeout]);
            // After the last event the response waits for the end of the body for a moment.
            let waited = if came.response.is_ok() { Duration::from_millis(100) } else { IDLE };
            assert_eq!(began.elapsed(), waited, "at {cut}");
            faults += 5;
        }
    }
    // The last event is complete with its JSON, and with the line ends after it.
    assert_eq!(whole, 2 * 3);
    say(&format!(
        "streams: {faults} faults in a stream of {} bytes, none of them taken wrongly",
        bytes.len()
    ));
}
