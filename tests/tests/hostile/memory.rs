//! A server that sends too much, or what becomes too much.

use super::{agent, chat, refuses, unhurried};
use agent_core::{CallStatus, ModelErrorKind as Kind, Outcome, RunError, Transcript, tool, tools};
use agent_tests::support::server::{End, Framing, Server, answer, content, done, framed, whole};
use agent_tests::support::{ms, saved};
use allocation_counter::{AllocationInfo, measure};
use serde_json::Value;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::runtime;

/// Runs in this thread, and counts what it allocates.
fn counted<T>(future: impl Future<Output = T>) -> (T, AllocationInfo) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut done = None;
    let info = measure(|| done = Some(runtime.block_on(future)));
    (done.unwrap(), info)
}

const MIB: u64 = 1 << 20;

#[test]
fn a_flood_ends_in_bounded_memory() {
    let ok = |headers: &str| answer("200 OK", headers, "");
    let chunked = |body: &str| answer("200 OK", "transfer-encoding: chunked\r\n", body);
    let long = || ok("content-length: 1099511627776\r\n");
    let text = |text: &str| text.to_owned().into_bytes();
    for (name, first, then) in [
        ("a header", text("HTTP/1.1 200 OK\r\nx: "), "x"),
        ("headers", text("HTTP/1.1 200 OK\r\n"), "x: y\r\n"),
        ("a reason", text("HTTP/1.1 200 "), "x"),
        ("blank lines", vec![], "\r\n"),
        ("an extension", chunked("1;"), "x"),
        ("a size", chunked("1"), "0"),
        ("trailers", chunked("0\r\n"), "x: y\r\n"),
    ] {
        flood(name, first, then, (Kind::Connection, None), 4);
    }
    // Of an answer that grows, the last copy is twice as large as the one before it.
    for (name, first, then, most) in [
        ("a body", ok(""), "x", 52),
        ("an open list", answer("200 OK", "", "{\"content\":["), "0,", 52),
        ("depth", ok(""), "[", 52),
        ("chunks", chunked(""), &format!("400\r\n{}\r\n", "x".repeat(1024)), 52),
        ("a long body", long(), "x", 3),
    ] {
        flood(name, first, then, (Kind::TooLarge, None), most);
    }
    for (status, kind) in [
        (302, Kind::Configuration),
        (401, Kind::Authentication),
        (404, Kind::NotFound),
        (500, Kind::Server),
    ] {
        for headers in ["", "content-length: 1099511627776\r\n"] {
            let first = answer(&format!("{status} No"), headers, "");
            for then in ["x", " ", "[", "\u{e9}"] {
                flood("an error", first.clone(), then, (kind, Some(status)), 3);
            }
        }
    }
}

/// A server that sends this, and then that without end, is refused for at most so many MiB.
fn flood(name: &str, first: Vec<u8>, then: &str, (kind, status): (Kind, Option<u16>), most: u64) {
    const BLOCK: usize = 64 << 10;
    let server = Server::flooding(first, then.repeat(BLOCK / then.len()).into_bytes());
    let (_, info) = counted(refuses(name, &server, kind, status));
    assert!(info.bytes_max < most * MIB, "{name}: {} KiB", info.bytes_max >> 10);
}

#[test]
fn a_bomb_is_not_unpacked() {
    // The beginning of a gzip member, and then 2064 zeros in every 13 bytes.
    let mut bomb = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x62\x18".to_vec();
    bomb.extend_from_slice(&b"\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\x18".repeat(80_000));
    for encoding in ["gzip", "deflate", "br", "zstd", "x-gzip", "gzip, gzip", "identity, gzip"] {
        let headers = format!("content-encoding: {encoding}\r\ncontent-length: {}\r\n", bomb.len());
        let server = Server::saying(answer("200 OK", &headers, &bomb), End::Close);
        let (error, info) = counted(refuses(encoding, &server, Kind::Unreadable, None));
        assert!(format!("{error:?}").contains("not requested"), "{error:?}");
        assert!(info.bytes_max < 3 * MIB, "{encoding}: {} KiB", info.bytes_max >> 10);
        let server = Server::saying(answer("500 No", &headers, &bomb), End::Close);
        let (_, info) = counted(refuses(encoding, &server, Kind::Server, Some(500)));
        assert!(info.bytes_max < 3 * MIB, "{encoding}: {} KiB", info.bytes_max >> 10);
    }
}

/// Runs on a thread with the stack that threads usually have.
fn on_two_mebibytes(test: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(2 << 20).spawn(test).unwrap().join().unwrap();
}

/// Take anything.
#[tool(pure, inline)]
fn take(anything: Value) -> String {
    anything.to_string()
}

/// Take a number.
#[tool(pure, inline)]
fn count(number: u8) -> u8 {
    number
}

#[test]
fn depth_overflows_no_stack() {
    const DEPTH: usize = 100_000;
    let nest = |open: &str, close: &str| format!("{}{}", open.repeat(DEPTH), close.repeat(DEPTH));
    let deep = [nest("[", "]"), nest("{\"a\":", "}").replace(":}", ":0}")];
    for deep in deep {
        let text = r#"{"type":"text","text":"done"}"#;
        for body in [
            content(&format!("{{\"type\":\"new\",\"x\":{deep}}},{text}"), "end_turn"),
            content(&format!("{{\"type\":{deep}}},{text}"), "end_turn"),
            content(&format!("{deep},{text}"), "end_turn"),
            content(&format!("{{\"type\":\"text\",\"text\":{deep}}},{text}"), "end_turn"),
            content(text, "end_turn").replacen('{', &format!("{{\"usage\":{deep},"), 1),
            content(text, "end_turn").replacen('{', &format!("{{\"new\":{deep},"), 1),
            content(text, "end_turn").replace("\"m\"", &deep),
        ] {
            on_two_mebibytes(move || {
                let server = Server::saying(whole("200 OK", body), End::Close);
                let (ended, transcript, _) = counted(chat_with(&server)).0;
                let outcome = ended.unwrap();
                assert_eq!(outcome.text(), "done");
                saved(&transcript);
                assert!(format!("{transcript:?}").len() > 10);
            });
        }
        for body in [
            format!("{{\"error\":{deep}}}"),
            format!("{{\"error\":{{\"type\":{deep},\"message\":\"x\"}}}}"),
            format!("{{\"error\":{{\"details\":{deep}}}}}"),
            format!("{{\"x\":{deep},\"error\":{{}}}}"),
            deep.clone(),
        ] {
            on_two_mebibytes(move || {
                let server = Server::saying(whole("529 No", body), End::Close);
                counted(refuses("depth", &server, Kind::Overloaded, Some(529)));
            });
        }
        for body in [deep.clone(), format!("{{\"stop_reason\":{deep}}}")] {
            on_two_mebibytes(move || {
                let server = Server::saying(whole("200 OK", body), End::Close);
                counted(refuses("depth", &server, Kind::Unreadable, Some(200)));
            });
        }
    }
}

async fn chat_with(server: &Server) -> (Result<Outcome, RunError>, Transcript, Duration) {
    chat(&agent(&server.url(), unhurried()).tools(tools![take, count])).await
}

/// A server that makes these calls, and is content with any results.
fn calling(calls: &str) -> Server {
    let turns = [content(calls, "tool_use"), done()].map(|body| Arc::new(whole("200 OK", body)));
    let turn = Arc::new(AtomicUsize::new(0));
    Server::new(move |mut peer| {
        let (turns, turn) = (turns.clone(), turn.clone());
        async move {
            loop {
                peer.request().await?;
                peer.stream.write_all(&turns[turn.fetch_add(1, Relaxed)]).await?;
            }
        }
    })
}

#[test]
fn odd_calls_are_answered_and_sent_back() {
    const DEPTH: usize = 100_000;
    let deep = format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    let numbers = format!("[{}0]", "0,".repeat(2 << 20));
    let calls = [
        ("take", format!("{{\"anything\":{deep}}}")),
        ("take", deep.clone()),
        ("take", format!("{{\"anything\":{numbers}}}")),
        ("take", format!("{{\"anything\":\"{}\"}}", "x".repeat(2 << 20))),
        ("count", format!("{{\"number\":{deep}}}")),
        ("count", format!("{{\"number\":{}}}", "9".repeat(1 << 20))),
        ("count", format!("{{{}\"x\":1}}", "\"number\":1,".repeat(80_000))),
        ("count", "\"\\u0000\"".to_owned()),
        ("count", r#"{"number":1e999}"#.to_owned()),
        ("count\\u0000", "{}".to_owned()),
        ("", "null".to_owned()),
    ];
    for (name, input) in calls {
        on_two_mebibytes(move || {
            let call =
                format!(r#"{{"type":"tool_use","id":"a\"","name":"{name}","input":{input}}}"#);
            let server = calling(&call);
            let ((ended, transcript, took), info) = counted(chat_with(&server));
            assert_eq!(ended.unwrap().text(), "done");
            let result = transcript.results().next().unwrap();
            assert!(matches!(result.status(), CallStatus::Failed | CallStatus::NotRun));
            assert!(result.text().len() < 2_000, "{}", result.text());
            assert!(took < ms(10_000), "{took:?}");
            assert!(info.bytes_max < 100 * MIB, "{name}: {} KiB", info.bytes_max >> 10);
            saved(&transcript);
            assert_eq!(server.requests(), 2);
        });
    }
}

#[test]
fn a_response_of_very_many_blocks_is_taken_or_refused_in_time() {
    for (block, count) in [("0", 3 << 20), ("{}", 3 << 20), (r#"{"type":"text"}"#, 100_001)] {
        let blocks = format!("{block},").repeat(count);
        let body = content(blocks.trim_end_matches(','), "end_turn");
        let server = Server::saying(whole("200 OK", body), End::Close);
        let (_, info) = counted(refuses(block, &server, Kind::Unreadable, Some(200)));
        assert!(info.bytes_max < 150 * MIB, "{block}: {} KiB", info.bytes_max >> 10);
    }
    let blocks = r#"{"type":"text","text":"x"},"#.repeat(100_000);
    let body = content(blocks.trim_end_matches(','), "end_turn");
    let server = Server::saying(whole("200 OK", body), End::Close);
    let ((ended, _, took), info) = counted(chat_with(&server));
    assert_eq!(ended.unwrap().text().len(), 100_000);
    assert!(took < ms(10_000), "{took:?}");
    assert!(info.bytes_max < 60 * MIB, "{} KiB", info.bytes_max >> 10);
}

#[test]
fn very_many_calls_are_answered_in_time() {
    const CALLS: usize = 50_000;
    let call = r#"{"type":"tool_use","id":"a","name":"count","input":{"number":1}},"#.repeat(CALLS);
    let server = calling(call.trim_end_matches(','));
    let ((ended, transcript, took), info) = counted(chat_with(&server));
    let began = Instant::now();
    assert_eq!(ended.unwrap().timeline().calls().len(), CALLS);
    let took = took + began.elapsed();
    assert!(took < ms(10_000), "{took:?}");
    assert!(info.bytes_max < 150 * MIB, "{} KiB", info.bytes_max >> 10);
    let ran = transcript.results().filter(|result| result.status() == CallStatus::Completed);
    assert_eq!((ran.count(), server.requests()), (128, 2));
}

#[test]
fn an_answer_as_large_as_is_taken_costs_a_few_times_its_size() {
    let text = "x".repeat((16 << 20) - 200);
    let body = content(&format!(r#"{{"type":"text","text":"{text}"}}"#), "end_turn");
    for bytes in
        [Framing::Length, Framing::Chunks, Framing::Close].map(|framing| framed(framing, &body))
    {
        let server = Server::saying(bytes, End::Close);
        let ((ended, _, took), info) = counted(chat_with(&server));
        assert_eq!(ended.unwrap().text().len(), text.len());
        assert!(took < ms(10_000), "{took:?}");
        assert!(info.bytes_max < 82 * MIB, "{} KiB", info.bytes_max >> 10);
    }
}
