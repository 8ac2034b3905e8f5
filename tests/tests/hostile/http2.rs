//! The same over HTTP/2, frame by frame.

use super::{chat, hurried, model_error, unhurried};
use agent_core::providers::Anthropic;
use agent_core::transport::Timeouts;
use agent_core::{Agent, Limits, ModelErrorKind as Kind, Outcome, RunError};
use agent_tests::support::server::{
    DATA, END_HEADERS, END_STREAM, End, HEADERS, SETTINGS, Server, done, frame,
};
use agent_tests::support::{ms, saved};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

const RESET: u8 = 3;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const CONTINUATION: u8 = 9;

/// `:status: 200` and `:status: 500`, by their places in the table that all know.
const OK: [u8; 1] = [0x88];
const FAILED: [u8; 1] = [0x8e];

/// Greets, reads the request, and sends these bytes; then others without end, or it ends.
fn server(first: Vec<u8>, then: Result<Vec<u8>, End>) -> Server {
    let bytes = Arc::new(([frame(SETTINGS, 0, 0, &[]), first].concat(), then));
    Server::new(move |mut peer| {
        let bytes = bytes.clone();
        async move {
            peer.request2().await?;
            let (first, then) = &*bytes;
            peer.stream.write_all(first).await?;
            match then {
                Err(end) => peer.end(*end).await,
                Ok(again) => loop {
                    peer.stream.write_all(again).await?;
                    sleep(ms(1)).await;
                },
            }
        }
    })
}

async fn run(server: &Server, times: Timeouts) -> (Result<Outcome, RunError>, Duration) {
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let model = Anthropic::new("claude-test", "a key").base_url(server.url());
    let agent = Agent::new(model.client(client).timeouts(times));
    let (ended, transcript, took) = chat(&agent.limits(Limits::default().with_retries(0))).await;
    saved(&transcript);
    (ended, took)
}

fn head(status: [u8; 1]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, 1, &status)
}

#[tokio::test]
async fn an_answer_over_http2_is_taken_whole() {
    let body = done();
    for pieces in [1, 2, 7] {
        let mut bytes = head(OK);
        for piece in body.as_bytes().chunks(body.len().div_ceil(pieces)) {
            bytes.extend(frame(DATA, 0, 1, piece));
        }
        bytes.extend(frame(DATA, END_STREAM, 1, &[]));
        let server = server(bytes, Err(End::Hold));
        assert_eq!(run(&server, unhurried()).await.0.unwrap().text(), "done");
    }
}

#[tokio::test]
async fn broken_frames_are_a_lost_connection() {
    let half = || [head(OK), frame(DATA, 0, 1, b"{\"content\":")].concat();
    let reset = |why: u8| frame(RESET, 0, 1, &[0, 0, 0, why]);
    let leave = |why: u8| frame(GO_AWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, why]);
    for (name, bytes) in [
        ("nothing", vec![]),
        ("http/1", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()),
        ("a type that is not known", frame(99, 0, 0, b"x")),
        ("an endless frame", b"\xff\xff\xff\0\0\0\0\0\x01".to_vec()),
        ("a reset", reset(2)),
        ("a reset within", [half(), reset(2)].concat()),
        ("a cancel within", [half(), reset(8)].concat()),
        ("a farewell", leave(2)),
        ("a farewell within", [half(), leave(0)].concat()),
        ("another stream", frame(HEADERS, END_HEADERS, 3, &OK)),
        ("a body without a head", frame(DATA, END_STREAM, 1, done().as_bytes())),
        ("a broken head", frame(HEADERS, END_HEADERS, 1, &[0xff; 20])),
        ("no status", frame(HEADERS, END_HEADERS, 1, &[0x10, 1, b'a', 1, b'b'])),
        ("half an answer", half()),
        ("a broken window", frame(8, 0, 0, &[0, 0, 0, 0])),
    ] {
        for end in [End::Close, End::Reset] {
            let server = server(bytes.clone(), Err(end));
            let (ended, took) = run(&server, unhurried()).await;
            let error = ended.unwrap_err();
            let kind = model_error(&error).kind();
            assert_eq!(kind, Kind::Connection, "{name}, {end:?}: {error:?}");
            assert!(took < ms(5_000), "{name}: {took:?}");
            assert_eq!(server.requests(), 1, "{name}");
        }
    }
}

#[tokio::test]
async fn floods_of_frames_end() {
    let data = || frame(DATA, 0, 1, &[b' '; 16_000]);
    let many = |one: Vec<u8>| one.repeat(100);
    let large = || frame(CONTINUATION, 0, 1, &[0x10; 10_000]);
    for (name, first, again, kind) in [
        ("more than the window takes", head(OK), data(), Kind::Connection),
        ("an error", head(FAILED), data(), Kind::Server),
        ("pings", vec![], many(frame(PING, 0, 0, &[0; 8])), Kind::Timeout),
        ("settings", vec![], many(frame(SETTINGS, 0, 0, &[])), Kind::Timeout),
        ("empty pieces", head(OK), many(frame(DATA, 0, 1, &[])), Kind::Connection),
        ("a head", frame(HEADERS, 0, 1, &OK), large(), Kind::Connection),
    ] {
        let server = server(first, Ok(again));
        let (ended, took) = run(&server, hurried()).await;
        let error = ended.unwrap_err();
        assert_eq!(model_error(&error).kind(), kind, "{name}: {error:?}");
        assert!(took < ms(3_000), "{name}: {took:?}");
    }
}

#[tokio::test]
async fn pings_hide_no_silence() {
    let ping = || Ok(frame(PING, 0, 0, &[0; 8]));
    for (first, limit) in [(vec![], "first_byte"), (head(OK), "idle")] {
        let (ended, took) = run(&server(first, ping()), hurried()).await;
        let error = format!("{:?}", ended.unwrap_err());
        assert!(error.contains(&format!("`Timeouts::{limit}`")), "{error}");
        assert!((ms(250)..ms(2_250)).contains(&took), "{took:?}");
    }
}
