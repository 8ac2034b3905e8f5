//! How long a stream may be silent, on a clock that is simulated.

use agent_core::transport::Timeouts;
use agent_core::{Limits, ModelErrorKind as Kind};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

use crate::source::{
    Answer, Came, Told, event, message_end, message_start, piece, start, stop, taken_with,
    text_delta, timed,
};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What comes of pieces at their times, and after how long.
async fn after(pieces: Vec<(Duration, String)>, timeouts: Timeouts) -> (Came, Duration) {
    let began = Instant::now();
    let pieces = pieces.into_iter().map(|(wait, text)| (wait, Bytes::from(text))).collect();
    let answer = Answer::events(timed(pieces).chain(stream::pending()));
    let came = taken_with(answer, Limits::default(), timeouts).await;
    (came, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn pings_and_comments_do_not_hide_a_stall() {
    let ping = event(&json!({"type": "ping"}));
    for alive in [ping.as_str(), ": alive\n\n", "event: keep-alive\n\n", "data:\n\n", "\n\n", ":"] {
        let mut pieces = vec![(seconds(5), event(&message_start()))];
        pieces.extend((0..100).map(|_| (seconds(7), alive.to_owned())));
        let (came, time) = after(pieces, Timeouts::default().idle(seconds(60))).await;
        assert_eq!((came.kind(), time), (Kind::Timeout, seconds(65)), "{alive:?}");
        let error = came.response.unwrap_err().to_string();
        assert!(error.contains("60s") && error.contains("Timeouts::idle"), "{error}");
    }
}

/// An event half of which has come says nothing yet.
#[tokio::test(start_paused = true)]
async fn an_event_that_never_ends_is_a_stall() {
    let pieces = (0..100).map(|_| (seconds(7), "data: {\"type\"".to_owned())).collect();
    let (came, time) = after(pieces, Timeouts::default().idle(seconds(60))).await;
    assert_eq!((came.kind(), time), (Kind::Timeout, seconds(60)));
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_goes_on_as_long_as_it_says_something() {
    let deltas = (0..10).map(|_| text_delta(0, "x"));
    let begin = [message_start(), start(0, &json!({"type": "text", "text": ""}))];
    let all = begin.into_iter().chain(deltas).chain([stop(0)]).chain(message_end("end_turn"));
    let pieces: Vec<_> = all.map(|data| (seconds(59), event(&data))).collect();
    let events = u64::try_from(pieces.len()).unwrap();
    let long = Timeouts::default().idle(seconds(60)).total(seconds(10_000));
    let (came, time) = after(pieces.clone(), long).await;
    assert_eq!(came.response().all_text(), "x".repeat(10));
    // The server does not close the connection, which is waited for a moment.
    assert_eq!(time, seconds(59 * events) + Duration::from_millis(100));

    let (came, time) = after(pieces, long.total(seconds(300))).await;
    assert_eq!((came.kind(), time), (Kind::Timeout, seconds(300)));
    assert_eq!(came.told, vec![Told::Text("x".into()); 3]);
}

/// A stream that is always there has no moment in which a time could be over.
#[tokio::test(start_paused = true)]
async fn pings_without_a_pause_end_at_the_limit_of_the_response() {
    let ping = Bytes::from(event(&json!({"type": "ping"})).repeat(1000));
    let answer = Answer::events(stream::repeat(ping).map(|ping| piece(&ping)));
    let came = taken_with(answer, Limits::default(), Timeouts::default()).await;
    assert_eq!(came.kind(), Kind::TooLarge);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_ends_takes_no_longer_than_it_does() {
    let began = Instant::now();
    let text = [start(0, &json!({"type": "text", "text": ""})), text_delta(0, "x"), stop(0)];
    let all = [message_start()].into_iter().chain(text).chain(message_end("end_turn"));
    let pieces = all.map(|data| (seconds(1), event(&data).into())).collect();
    let came = taken_with(Answer::events(timed(pieces)), Limits::default(), Timeouts::default());
    assert_eq!(came.await.response().all_text(), "x");
    assert_eq!(began.elapsed(), seconds(6));
}
