//! A server that does what it wants: a typed error in time, in bounded memory, and no panic.

#![cfg(test)]

mod cuts;
mod deadlines;
mod http2;
mod memory;

use agent_core::providers::Anthropic;
use agent_core::transport::Timeouts;
use agent_core::{
    Agent, Limits, ModelError, ModelErrorKind as Kind, Outcome, RunEnd, RunError, RunErrorKind,
    Transcript,
};
use agent_tests::support::server::{End, Server, answer, content, done, whole};
use agent_tests::support::{ms, saved};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;

/// Long enough that nothing ends by them.
fn unhurried() -> Timeouts {
    Timeouts::default().first_byte(ms(20_000)).idle(ms(20_000)).total(ms(20_000))
}

fn hurried() -> Timeouts {
    Timeouts::default().first_byte(ms(300)).idle(ms(250)).total(ms(1_000))
}

fn agent(url: &str, times: Timeouts) -> Agent {
    let model = Anthropic::new("claude-test", "a key").base_url(url).timeouts(times);
    Agent::new(model).limits(Limits::default().with_retries(0))
}

/// What comes of a run, the transcript it leaves, and how long it took.
async fn chat(agent: &Agent) -> (Result<Outcome, RunError>, Transcript, Duration) {
    let mut chat = agent.conversation(Transcript::default());
    let began = Instant::now();
    let ended = chat.send("go").await;
    (ended, chat.into_transcript(), began.elapsed())
}

fn model_error(error: &RunError) -> &ModelError {
    let RunErrorKind::Model(error) = error.kind() else { panic!("{error:?}") };
    error
}

/// The error that a run with this server ends in, and how long that took.
async fn fails(server: &Server, times: Timeouts) -> (RunError, Duration) {
    let (ended, transcript, took) = chat(&agent(&server.url(), times)).await;
    let error = ended.unwrap_err();
    assert_eq!(*error.transcript(), transcript);
    assert_eq!(transcript.messages().len(), 1);
    saved(&transcript);
    let texts = format!("{error:?}").len() + format!("{error}").len();
    assert!(texts < 4_000, "{texts} bytes of text");
    assert!(model_error(&error).body().is_none_or(|body| body.len() <= 4 << 10));
    (error, took)
}

/// Fails at once, with this kind and status.
async fn refuses(name: &str, server: &Server, kind: Kind, status: Option<u16>) -> RunError {
    let (error, took) = fails(server, unhurried()).await;
    let model_error = model_error(&error);
    assert_eq!((model_error.kind(), model_error.status()), (kind, status), "{name}: {error:?}");
    assert!(took < ms(10_000), "{name}: {took:?}");
    assert_eq!((server.requests(), model_error.attempts()), (1, 1), "{name}");
    error
}

/// Fails when this limit is over.
async fn times_out(name: &str, server: &Server, limit: &str) {
    let (error, took) = fails(server, hurried()).await;
    let model_error = model_error(&error);
    assert_eq!(model_error.kind(), Kind::Timeout, "{name}: {error:?}");
    assert!(format!("{error:?}").contains(&format!("`Timeouts::{limit}`")), "{name}: {error:?}");
    let least = ms(if limit == "total" { 1_000 } else { 250 });
    assert!((least..least + ms(2_000)).contains(&took), "{name}: {took:?}");
    assert_eq!(server.requests(), 1, "{name}");
}

#[tokio::test]
async fn what_is_no_http_is_a_lost_connection() {
    let noise: Vec<u8> = random(1).take(64 << 10).collect();
    let no_number = "HTTP/1.1 twenty OK\r\n\r\n";
    let header = |header: &str| answer("200 OK", header, done());
    for (name, bytes) in [
        ("nothing", vec![]),
        ("noise", noise),
        ("nulls", vec![0; 10_000]),
        ("ssh", b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
        ("tls alert", vec![21, 3, 3, 0, 2, 2, 40]),
        ("mail", b"220 mail ESMTP\r\n".to_vec()),
        ("another version", b"HTTP/9.9 200 OK\r\n\r\n".to_vec()),
        ("http/2", b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80".to_vec()),
        ("no number", no_number.into()),
        ("long number", b"HTTP/1.1 2000000000000000000000 OK\r\n\r\n".to_vec()),
        ("json", done().into()),
        ("a null in a header", header("x: a\0b\r\n")),
        ("a blank in a name", header("x y: a\r\n")),
        ("no colon", header("nothing\r\n")),
        ("two lengths", header("content-length: 3\r\ncontent-length: 4\r\n")),
        ("negative length", header("content-length: -1\r\n")),
        ("length of letters", header("content-length: many\r\n")),
        ("length beyond numbers", header("content-length: 99999999999999999999999\r\n")),
        ("large header", header(&format!("request-id: {}\r\n", "x".repeat(1 << 20)))),
        ("many headers", header(&"x: y\r\n".repeat(10_000))),
    ] {
        let server = Server::saying(bytes, End::Close);
        refuses(name, &server, Kind::Connection, None).await;
    }
}

#[tokio::test]
async fn broken_chunks_are_a_lost_connection() {
    let long = |text: &str, times| text.repeat(times);
    for (name, body) in [
        ("no size", "\r\n\r\n".to_owned()),
        ("letters", "zz\r\n{}\r\n0\r\n\r\n".to_owned()),
        ("negative", "-5\r\n{}\r\n0\r\n\r\n".to_owned()),
        ("too large a number", format!("{}\r\n{{}}", long("f", 17))),
        ("all of memory", "ffffffffffffffff\r\n{}".to_owned()),
        ("less than announced", "64\r\n{}\r\n0\r\n\r\n".to_owned()),
        ("more than announced", "1\r\n{}\r\n0\r\n\r\n".to_owned()),
        ("no end", format!("{:x}\r\n{}\r\n", done().len(), done())),
        ("no end of the size", long("0", 100_000)),
        ("long extension", format!("5;{}", long("x", 100_000))),
        ("long trailer", format!("0\r\nx: {}\r\n", long("x", 1 << 20))),
        ("many trailers", format!("0\r\n{}\r\n", long("x: y\r\n", 10_000))),
    ] {
        let bytes = answer("200 OK", "transfer-encoding: chunked\r\n", body);
        let server = Server::saying(bytes, End::Close);
        refuses(name, &server, Kind::Connection, None).await;
    }
}

#[tokio::test]
async fn what_is_no_response_is_unreadable() {
    let text = |text: &str| content(&format!(r#"{{"type":"text","text":{text}}}"#), "end_turn");
    let quoted = |bytes: &[u8]| {
        let body = text("\"?\"");
        let (before, after) = body.split_once('?').unwrap();
        [before.as_bytes(), bytes, after.as_bytes()].concat()
    };
    for (name, body) in [
        ("empty", vec![]),
        ("blanks", vec![b' '; 10_000]),
        ("text", b"OK".to_vec()),
        ("null", b"null".to_vec()),
        ("a number beyond numbers", b"1e999".to_vec()),
        ("a list", b"[]".to_vec()),
        ("an object", b"{}".to_vec()),
        ("content of another kind", br#"{"content":"done"}"#.to_vec()),
        ("content of null", br#"{"content":null}"#.to_vec()),
        ("an answer that is a list", br#"[[{"type":"text","text":"done"}]]"#.to_vec()),
        ("text after it", [done().as_bytes(), b"}"].concat()),
        ("a mark before it", ["\u{feff}".as_bytes(), done().as_bytes()].concat()),
        ("bytes that are no text", quoted(b"\xff\xfe\x80")),
        ("half a character", quoted(b"\xe2\x82")),
        ("a plain null in a text", quoted(b"\0")),
        ("nulls", vec![0; 10_000]),
        ("events", b"event: message_start\ndata: {\"type\":\"message_start\"}\n\n".to_vec()),
    ] {
        let server = Server::saying(whole("200 OK", body), End::Close);
        refuses(name, &server, Kind::Unreadable, Some(200)).await;
    }
    let server = Server::saying(answer("204 No Content", "", ""), End::Close);
    refuses("no content", &server, Kind::Unreadable, Some(204)).await;
    let page = "content-type: text/html; charset=utf-8\r\ncontent-length: 6\r\n";
    let server = Server::saying(answer("200 OK", page, "<html>"), End::Close);
    let error = refuses("a page", &server, Kind::Unreadable, Some(200)).await;
    let text = format!("{error:?}");
    assert!(text.contains("text/html") && text.contains("base URL"), "{text}");
    assert_eq!(model_error(&error).body(), Some("<html>"));
}

#[tokio::test]
async fn what_is_odd_in_a_block_stays_in_it() {
    for (blocks, text) in [
        ("", ""),
        (r#"{"type":"text","text":"a\u0000b"}"#, "a\0b"),
        (r#"{"type":"text","text":"\ud800"}"#, ""),
        (r#"{"type":"text","text":7},{"type":"text"},{"type":7},{},{"type":1e999}"#, ""),
        (r#"null,7,"text",["text","x"],[],true,1e999,{"type":"text","text":"y"}"#, "y"),
        (r#"{"type":"image","text":"x"},{"type":"text","text":"y","type":"text"}"#, "y"),
        (r#"{"type":"tool_use","id":"a","name":"b\u0000","input":{}}"#, ""),
    ] {
        let server = Server::saying(whole("200 OK", content(blocks, "end_turn")), End::Close);
        let (ended, transcript, _) = chat(&agent(&server.url(), unhurried())).await;
        assert_eq!(ended.unwrap().text(), text, "{blocks}");
        saved(&transcript);
    }
    let around = r#"{"content":7,"content":[],"model":{},"usage":{"input_tokens":-1e999},
        "stop_reason":[],"stop_details":[7],"id":1e999,"id":null}"#;
    let server = Server::saying(whole("200 OK", around), End::Close);
    let outcome = chat(&agent(&server.url(), unhurried())).await.0.unwrap();
    assert_eq!(*outcome.end(), RunEnd::Other("none".to_owned()));
}

#[tokio::test]
async fn an_error_under_a_status_of_success_is_the_error_that_it_says() {
    for (name, kind) in [
        ("overloaded_error", Kind::Overloaded),
        ("rate_limit_error", Kind::RateLimited),
        ("authentication_error", Kind::Authentication),
        ("invalid_request_error", Kind::Request),
    ] {
        let body = json!({"type": "error", "error": {"type": name, "message": "not now"}});
        let server = Server::saying(whole("200 OK", body.to_string()), End::Close);
        let error = refuses(name, &server, kind, Some(200)).await;
        assert_eq!(model_error(&error).name(), Some(name));
        assert!(format!("{error:?}").contains("not now"), "{error:?}");
    }
}

#[tokio::test]
async fn odd_statuses_have_a_kind() {
    for (status, kind) in [
        ("101 Switching Protocols", Kind::Other),
        ("304 Not Modified", Kind::Configuration),
        ("400 Bad", Kind::Request),
        ("418 ", Kind::Request),
        ("599 x", Kind::Server),
        ("700 x", Kind::Other),
        ("999 x", Kind::Other),
    ] {
        let number = status.split(' ').next().unwrap().parse().unwrap();
        let server = Server::saying(answer(status, "content-length: 0\r\n", ""), End::Close);
        refuses(status, &server, kind, Some(number)).await;
    }
    for status in ["000 x", "099 x", "-20 x"] {
        let server = Server::saying(answer(status, "content-length: 0\r\n", ""), End::Close);
        refuses(status, &server, Kind::Connection, None).await;
    }
}

#[tokio::test]
async fn errors_are_read_whatever_their_body_is() {
    let long = "x".repeat(60_000);
    let facts = json!({"type": "error", "error": {
        "type": long, "message": long, "details": {"error_code": long}
    }, "request_id": long});
    for (name, body) in [
        ("nothing", vec![]),
        ("no text", b"\xff\xfe\0\x80".repeat(1000)),
        ("a list", b"[]".to_vec()),
        ("an error of another kind", br#"{"error":"no"}"#.to_vec()),
        ("an error of nulls", br#"{"error":{"type":null,"message":null,"details":null}}"#.into()),
        ("details of another kind", br#"{"error":{"details":[1]}}"#.to_vec()),
        ("long facts", facts.to_string().into()),
        ("megabytes", vec![b'x'; 3 << 20]),
    ] {
        let server = Server::saying(whole("500 No", body), End::Close);
        refuses(name, &server, Kind::Server, Some(500)).await;
        let request_id = format!("request-id: {}\r\ncontent-length: 9\r\n", "x".repeat(300_000));
        let server = Server::saying(answer("500 No", &request_id, "{}"), End::Close);
        refuses("less than announced", &server, Kind::Server, Some(500)).await;
    }
}

#[tokio::test]
async fn a_delay_without_sense_is_left_out() {
    for (value, told) in [
        ("99999999999", Some(Duration::from_secs(99_999_999_999))),
        ("99999999999999999999999999", None),
        ("-1", None),
        ("NaN", None),
        ("inf", None),
        ("Sun, 22 Nov 2020 10:00:30 GMT", None),
        ("Sun, 99 Nov 2020 10:00:30 GMT", None),
        ("\u{e9}", None),
    ] {
        let headers = format!("retry-after: {value}\r\ncontent-length: 0\r\n");
        let server = Server::saying(answer("429 Slowly", &headers, ""), End::Close);
        let error = refuses(value, &server, Kind::RateLimited, Some(429)).await;
        assert_eq!(model_error(&error).retry_after(), told, "{value}");
    }
    let forever = "retry-after: 99999999999\r\ncontent-length: 0\r\n";
    let server = Server::saying(answer("429 Slowly", forever, ""), End::Close);
    let agent = agent(&server.url(), unhurried()).limits(Limits::default().with_retries(2));
    let (ended, _, took) = chat(&agent).await;
    assert!(took < ms(5_000) && server.requests() == 1, "{took:?}");
    assert_eq!(model_error(&ended.unwrap_err()).attempts(), 1);
}

#[tokio::test]
async fn no_redirect_is_followed() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Server::saying(whole("200 OK", done()), End::Close);
        for headers in [
            format!("location: {}/v1/messages\r\n", elsewhere.url()),
            format!("location: {}\r\nx-should-retry: true\r\n", elsewhere.url()),
        ] {
            let headers = format!("{headers}content-length: 0\r\n");
            let server = Server::saying(answer(&format!("{status} x"), &headers, ""), End::Close);
            let error = refuses("redirect", &server, Kind::Configuration, Some(status)).await;
            let text = format!("{error:?}");
            assert!(text.contains("redirects to") && text.contains(&elsewhere.url()), "{text}");
        }
        assert_eq!(elsewhere.requests(), 0);
    }
}

#[tokio::test]
async fn who_does_not_listen_is_not_reached() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for url in [format!("http://{address}"), format!("https://{address}")] {
        let error = chat(&agent(&url, unhurried())).await.0.unwrap_err();
        assert_eq!(model_error(&error).kind(), Kind::Connection, "{error:?}");
        assert!(format!("{error:?}").contains(&address.to_string()), "{error:?}");
    }
    // A server that does not speak TLS will not learn it.
    let server = Server::new(|mut peer| async move { peer.stream.write_all(&[b'x'; 100]).await });
    let url = server.url().replace("http:", "https:");
    let error = chat(&agent(&url, unhurried())).await.0.unwrap_err();
    assert_eq!(model_error(&error).kind(), Kind::Configuration, "{error:?}");
}

/// Numbers that look random, and are the same each time.
fn random(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
}
