//! A server that is silent or slow.

use super::{fails, hurried, model_error, times_out};
use agent_core::ModelErrorKind as Kind;
use agent_tests::support::ms;
use agent_tests::support::server::{End, Server, answer, done};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

#[tokio::test]
async fn silence_ends_at_its_limit() {
    let head = || answer("200 OK", "content-length: 100\r\n", "");
    let chunked = || answer("200 OK", "transfer-encoding: chunked\r\n", "64\r\n{");
    for (name, bytes, limit) in [
        ("nothing", vec![], "first_byte"),
        ("half of a head", b"HTTP/1.1 200 OK\r\nconte".to_vec(), "first_byte"),
        ("more to come", answer("100 Continue", "", ""), "first_byte"),
        ("a head", head(), "idle"),
        ("half of a body", [head(), b"{\"content\":".to_vec()].concat(), "idle"),
        ("half of a chunk", chunked(), "idle"),
        ("an end that does not come", answer("200 OK", "", done()), "idle"),
    ] {
        times_out(name, &Server::saying(bytes, End::Hold), limit).await;
    }
    // Not even the request is read.
    let server = Server::new(|mut peer| async move {
        peer.requests.fetch_add(1, Relaxed);
        sleep(ms(5_000)).await;
        peer.stream.shutdown().await
    });
    times_out("deaf", &server, "first_byte").await;
    // The status of an error is enough.
    let bytes = answer("401 No", "content-length: 9\r\n", "{");
    let (error, took) = fails(&Server::saying(bytes, End::Hold), hurried()).await;
    assert_eq!(model_error(&error).kind(), Kind::Authentication, "{error:?}");
    assert!((ms(250)..ms(2_250)).contains(&took), "{took:?}");
}

/// Sends bytes, and then this again and again.
fn dripping(first: Vec<u8>, then: &'static [u8], pause: Duration) -> Server {
    let first: Arc<[u8]> = first.into();
    Server::new(move |mut peer| {
        let first = first.clone();
        async move {
            peer.request().await?;
            peer.stream.set_nodelay(true)?;
            peer.stream.write_all(&first).await?;
            loop {
                peer.stream.write_all(then).await?;
                sleep(pause).await;
            }
        }
    })
}

#[tokio::test]
async fn a_drip_ends_at_the_limit_for_all_of_it() {
    let chunked = answer("200 OK", "transfer-encoding: chunked\r\n", "");
    let interim = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
    let endless_head = b"HTTP/1.1 200 OK\r\nx: ".to_vec();
    for (name, server, limit) in [
        ("a head", dripping(endless_head, b"x", ms(50)), "first_byte"),
        ("interim heads", dripping(vec![], interim, ms(1)), "first_byte"),
        ("a body", dripping(answer("200 OK", "", ""), b" ", ms(50)), "total"),
        ("chunks", dripping(chunked.clone(), b"1\r\n \r\n", ms(50)), "total"),
        // What does not end is no piece of the answer.
        ("a size", dripping(chunked, b"0", ms(50)), "idle"),
    ] {
        times_out(name, &server, limit).await;
    }
    let server = dripping(answer("400 No", "", ""), b" ", ms(50));
    let (error, took) = fails(&server, hurried()).await;
    assert_eq!(model_error(&error).kind(), Kind::Request, "{error:?}");
    assert!((ms(250)..ms(2_250)).contains(&took), "{took:?}");
}
