//! A connection that ends at any byte, and an answer with any other byte.

use super::{chat, model_error, unhurried};
use agent_core::providers::Anthropic;
use agent_core::transport::Http;
use agent_core::{
    Agent, Limits, ModelErrorKind as Kind, Outcome, RunError, Transcript, tool, tools,
};
use agent_tests::support::server::{End, Framing, Server, content, done, framed, whole};
use agent_tests::support::{ms, saved};
use futures::future::join_all;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn an_answer_that_ends_at_any_byte_is_an_error_or_complete() {
    let http = Http::new(unhurried()).unwrap();
    let mut runs = 0;
    for framing in [Framing::Length, Framing::Chunks, Framing::Close] {
        let bytes = framed(framing, &done());
        for end in [End::Close, End::Reset] {
            let cuts = (0..=bytes.len()).map(|cut| ends_at(&http, framing, &bytes, cut, end));
            runs += bytes.len() + 1;
            let mut cuts = cuts.peekable();
            while cuts.peek().is_some() {
                join_all(cuts.by_ref().take(32)).await;
            }
        }
    }
    assert!(runs > 800, "{runs}");
}

async fn ends_at(http: &Http, framing: Framing, bytes: &[u8], cut: usize, end: End) {
    let server = Server::saying(&bytes[..cut], end);
    let (ended, transcript, took) = chat(&sharing(http, &server.url(), 0)).await;
    let place = format!("{framing:?}, {end:?} after {cut} of {}", bytes.len());
    saved(&transcript);
    assert!(took < ms(10_000), "{place}: {took:?}");
    assert_eq!(server.requests(), 1, "{place}");
    match ended {
        Ok(outcome) => {
            assert_eq!((cut, outcome.text().as_str()), (bytes.len(), "done"), "{place}");
        }
        Err(error) => {
            // Where the end of the body is that of the connection, nobody can tell one from the other.
            let told = framing != Framing::Close || end == End::Reset;
            let kind = model_error(&error).kind();
            assert!(cut < bytes.len() || end == End::Reset, "{place}: {error:?}");
            assert!(
                kind == Kind::Connection || (!told && kind == Kind::Unreadable),
                "{place}: {error:?}"
            );
            assert_eq!(transcript.messages().len(), 1);
        }
    }
}

#[tokio::test]
async fn an_answer_with_any_other_byte_is_taken_or_refused() {
    let http = Http::new(unhurried()).unwrap();
    let (mut runs, mut taken) = (0, 0);
    for framing in [Framing::Length, Framing::Chunks, Framing::Close] {
        let bytes = framed(framing, &done());
        for change in [1, 0x20, 0x80] {
            let changed = (0..bytes.len()).map(|at| {
                let mut bytes = bytes.clone();
                bytes[at] ^= change;
                ask(&http, Server::saying(bytes, End::Close))
            });
            let mut changed = changed.peekable();
            while changed.peek().is_some() {
                for (ended, transcript, took) in join_all(changed.by_ref().take(32)).await {
                    assert!(took < ms(10_000), "{took:?}");
                    saved(&transcript);
                    runs += 1;
                    match ended {
                        Ok(_) => taken += 1,
                        Err(error) => assert_ne!(model_error(&error).kind(), Kind::Timeout),
                    }
                }
            }
        }
    }
    assert!(runs > 1_000 && (100..runs).contains(&taken), "{taken} of {runs}");
}

async fn ask(http: &Http, server: Server) -> (Result<Outcome, RunError>, Transcript, Duration) {
    chat(&sharing(http, &server.url(), 0)).await
}

/// An agent that shares a client with others.
fn sharing(http: &Http, url: &str, retries: u32) -> Agent {
    let model = Anthropic::new("claude-test", "a key").base_url(url);
    let model = model.transport(http.clone()).timeouts(unhurried());
    Agent::new(model).limits(Limits::default().with_retries(retries))
}

/// How often each number was saved.
struct Saves(Mutex<HashMap<usize, usize>>);

/// Save a number.
#[tool(write, inline)]
fn save(saves: &Saves, number: usize) -> usize {
    *saves.0.lock().unwrap().entry(number).or_default() += 1;
    number
}

/// A server that makes a call, ends its next answer after some bytes, and then answers well; the
/// number of bytes stands in the path.
fn cutting(end: End) -> Server {
    let turns = Arc::new(Mutex::new(HashMap::<usize, usize>::new()));
    Server::new(move |mut peer| {
        let turns = turns.clone();
        async move {
            loop {
                let head = peer.request().await?;
                let cut: usize = head.split('/').nth(1).unwrap().parse().unwrap();
                let turn = {
                    let mut turns = turns.lock().unwrap();
                    let turn = turns.entry(cut).or_default();
                    *turn += 1;
                    *turn
                };
                let call = format!(
                    r#"{{"type":"tool_use","id":"a","name":"save","input":{{"number":{cut}}}}}"#
                );
                let answer = match turn {
                    1 => content(&call, "tool_use"),
                    _ => done(),
                };
                let answer = whole("200 OK", answer);
                if turn == 2 {
                    peer.stream.write_all(&answer[..cut]).await?;
                    return peer.end(end).await;
                }
                peer.stream.write_all(&answer).await?;
            }
        }
    })
}

#[tokio::test]
async fn after_an_end_at_any_byte_the_next_attempt_is_good_and_no_tool_runs_twice() {
    let http = Http::new(unhurried()).unwrap();
    let length = whole("200 OK", done()).len();
    for end in [End::Close, End::Reset] {
        let server = cutting(end);
        let saves = Arc::new(Saves(Mutex::default()));
        let runs = (0..length).map(|cut| {
            let agent = sharing(&http, &format!("{}/{cut}", server.url()), 1);
            let agent = agent.tools(tools![save].with_state_arc(saves.clone()));
            async move { chat(&agent).await }
        });
        for (cut, (ended, transcript, _)) in join_all(runs).await.into_iter().enumerate() {
            let outcome = ended.unwrap_or_else(|error| panic!("{end:?} after {cut}: {error:?}"));
            assert_eq!(outcome.text(), "done");
            let attempts: Vec<_> =
                outcome.timeline().turns().iter().map(|turn| turn.attempts).collect();
            assert_eq!(attempts, [1, 2], "{end:?} after {cut}");
            saved(&transcript);
        }
        let saves = saves.0.lock().unwrap();
        assert!(saves.len() == length && saves.values().all(|times| *times == 1), "{saves:?}");
        // Nobody below the run sends a request again.
        assert_eq!(server.requests(), 3 * length);
    }
}
