//! How long a stream may be silent, on a clock that is simulated.

use agent_core::transport::Timeouts;
use agent_core::{Limits, ModelErrorKind as Kind};
use bytes::Bytes;
use futures::channel::mpsc;
use futures::{StreamExt, stream};
use serde_json::json;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

use super::source::{
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
    assert_eq!(came.response().text(), "x".repeat(10));
    // The server does not close the connection, which is waited for a moment.
    assert_eq!(time, seconds(59 * events) + Duration::from_millis(100));

    let (came, time) = after(pieces, long.total(seconds(300))).await;
    assert_eq!((came.kind(), time), (Kind::Timeout, seconds(300)));
    assert_eq!(came.told, vec![Told::Text("x".into()); 3]);
}

/// Pieces that come at their times whether or not somebody takes them, as on a connection: a task reads
/// it, and has one of them ready.
fn connected(pieces: Vec<(Duration, Bytes)>) -> Answer {
    let (wire, arrived) = mpsc::unbounded();
    let (reader, body) = mpsc::channel(0);
    tokio::spawn(timed(pieces).chain(stream::pending()).map(Ok).forward(wire));
    tokio::spawn(arrived.map(Ok).forward(reader));
    Answer::events(body)
}

/// What comes of pieces that nobody asks for from the 5th second on to the 95th, and after how long.
async fn after_a_pause(pieces: &[(Duration, String)]) -> (Came, Duration) {
    let began = Instant::now();
    let pieces = pieces.iter().map(|(wait, text)| (*wait, Bytes::from(text.clone()))).collect();
    let timeouts = Timeouts::default().idle(seconds(60));
    let mut run = pin!(taken_with(connected(pieces), Limits::default(), timeouts));
    assert!(timeout(seconds(5), &mut run).await.is_err());
    sleep(seconds(90)).await;
    (run.await, began.elapsed())
}

/// Somebody who watches a run may be slow: what came meanwhile was in time.
#[tokio::test(start_paused = true)]
async fn an_answer_that_goes_on_while_nobody_listens_is_no_stall() {
    let begin = event(&message_start()) + &event(&start(0, &json!({"type": "text", "text": ""})));
    let (ping, text) = (event(&json!({"type": "ping"})), event(&text_delta(0, "x")));
    let (half, rest) = text.split_at(text.len() / 2);
    for (first, second) in [(ping.as_str(), text.as_str()), (half, rest)] {
        let texts = (0..100).map(|_| text.clone());
        let end = [stop(0)].into_iter().chain(message_end("end_turn")).map(|data| event(&data));
        let rest = [second.to_owned()].into_iter().chain(texts).chain(end);
        let begin = [(seconds(1), begin.clone()), (seconds(9), first.to_owned())];
        let pieces: Vec<_> = begin.into_iter().chain(rest.map(|text| (seconds(1), text))).collect();
        let (came, time) = after_a_pause(&pieces).await;
        assert_eq!(came.response().text(), "x".repeat(101), "{first:?}");
        // The server does not close the connection, which is waited for a moment.
        assert_eq!(time, seconds(114) + Duration::from_millis(100), "{first:?}");
    }
}

/// The time of a stall counts from when somebody listens again, if something lay there.
#[tokio::test(start_paused = true)]
async fn a_stall_behind_a_pause_is_found_too() {
    let ping = event(&json!({"type": "ping"}));
    let begin = (seconds(1), event(&message_start()));
    let pings =
        |often| [begin.clone()].into_iter().chain((0..often).map(|_| (seconds(7), ping.clone())));
    for (pieces, ends) in [(pings(0), 95), (pings(1), 155), (pings(100), 155)] {
        let (came, time) = after_a_pause(&pieces.collect::<Vec<_>>()).await;
        assert_eq!((came.kind(), time), (Kind::Timeout, seconds(ends)));
    }
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
    assert_eq!(came.await.response().text(), "x");
    assert_eq!(began.elapsed(), seconds(6));
}
