//! The same answer, however its bytes are cut and whatever the protocol allows between them.

use futures::stream;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use tokio::task::JoinSet;

use super::source::{Answer, Came, Told, piece, say, synthetic, taken, taken_in, taken_whole};

/// A body in its variants: all of them say the same.
fn variants(body: &str) -> Vec<(&'static str, String)> {
    let between = |what: &str| body.replace("\n\n", &format!("\n\n{what}"));
    vec![
        ("as it is", body.to_owned()),
        ("with CRLF", body.replace('\n', "\r\n")),
        ("with CR", body.replace('\n', "\r")),
        ("with a byte order mark", format!("\u{feff}{body}")),
        ("with comments", format!(": one\n\n{}", between(": two\n:\n\n"))),
        ("with comments in events", body.replace("\ndata:", "\n: here\nid: 7\nretry: 1\ndata:")),
        ("with pings", between("event: ping\ndata: {\"type\": \"ping\"}\n\n")),
        ("with trailing spaces", body.replace("}\n\n", "}   \t \n\n")),
        ("with data close to its field", body.replace("\ndata: ", "\ndata:")),
        ("with no names of events", body.replace("event: ", ":")),
        ("with data on two lines", body.replace(",\"index\":", ",\ndata: \"index\":")),
        ("without its last line end", body.trim_end().to_owned()),
    ]
}

/// A generator of pieces that needs no seed from outside.
fn random_sizes(mut seed: u64) -> impl Iterator<Item = usize> {
    std::iter::repeat_with(move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let random = usize::try_from(seed >> 33).unwrap();
        if random % 5 == 0 { random % 900 + 1 } else { random % 9 + 1 }
    })
}

fn cut_at_random(seed: u64, mut body: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    for size in random_sizes(seed) {
        let (piece, rest) = body.split_at(size.min(body.len()));
        pieces.push(piece);
        body = rest;
        if body.is_empty() {
            break;
        }
    }
    pieces
}

fn check(what: &str, expected: &Came, came: &Came) {
    assert_eq!(came.told, expected.told, "{what}");
    match (&came.response, &expected.response) {
        (Ok(came), Ok(expected)) => assert_eq!(came, expected, "{what}"),
        (came, expected) => panic!("{what}: {came:?}, not {expected:?}"),
    }
}

/// The number of ways in which it was read.
async fn check_all_ways(name: &str, body: &str) -> usize {
    let expected = taken_whole(body).await;
    let mut ways = 0;
    for (variant, body) in variants(body) {
        for size in (1..=7).chain([64, 1000]) {
            let came = taken_in(size, body.as_bytes()).await;
            check(&format!("{name} {variant}, in pieces of {size}"), &expected, &came);
            ways += 1;
        }
        for seed in 0..4 {
            let pieces: Vec<_> =
                cut_at_random(seed, body.as_bytes()).into_iter().map(piece).collect();
            let came = taken(Answer::events(stream::iter(pieces))).await;
            check(&format!("{name} {variant}, cut by seed {seed}"), &expected, &came);
            ways += 1;
        }
        check(&format!("{name} {variant}"), &expected, &taken_whole(&body).await);
        ways += 1;
    }
    ways
}

#[tokio::test]
async fn a_synthetic_stream_is_the_same_for_every_split_of_its_bytes() {
    let mut ways = 0;
    for (name, body) in synthetic() {
        ways += check_all_ways(name, &body).await;
    }
    say(&format!("streams: synthetic ones are the same in {ways} ways"));
}

#[derive(Deserialize)]
struct Recording {
    dialect: String,
    stream: bool,
    response: RecordedAnswer,
}

#[derive(Deserialize)]
struct RecordedAnswer {
    status: u16,
    body_text: String,
}

/// The recorded streams of the Messages API by name; nothing if there are none here.
fn recorded(test: &str) -> Option<BTreeMap<String, String>> {
    let Ok(folder) = std::env::var("AGENT_RECORDINGS") else {
        say(&format!("skipped: {test}: AGENT_RECORDINGS is not set"));
        return None;
    };
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let json = files.filter(|file| file.extension().is_some_and(|kind| kind == "json"));
    let read = json.filter_map(|file| {
        let recording: Recording = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let fits = recording.dialect == "anthropic"
            && recording.stream
            && recording.response.status == 200;
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        fits.then_some((name, recording.response.body_text))
    });
    let recorded: BTreeMap<_, _> = read.collect();
    assert!(recorded.len() >= 19, "{:?}", recorded.keys());
    Some(recorded)
}

/// On two threads: two of the recordings have some hundred thousand bytes, and come byte by byte too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_stream_is_the_same_for_every_split_of_its_bytes() {
    let test = "a_recorded_stream_is_the_same_for_every_split_of_its_bytes";
    let Some(recorded) = recorded(test) else { return };
    let (count, mut ways) = (recorded.len(), 0);
    let mut checks: JoinSet<_> = recorded
        .into_iter()
        .map(|(name, body)| async move { check_all_ways(&name, &body).await })
        .collect();
    while let Some(checked) = checks.join_next().await {
        ways += checked.unwrap();
    }
    say(&format!("streams: {count} recorded ones are the same in {ways} ways"));
}

#[tokio::test]
async fn what_is_told_of_a_recorded_stream_is_what_its_response_says() {
    let name = "what_is_told_of_a_recorded_stream_is_what_its_response_says";
    let Some(recorded) = recorded(name) else { return };
    let mut calls = 0;
    for (name, body) in &recorded {
        let came = taken_whole(body).await;
        let response = came.response();
        let text = |told: &Told| match told {
            Told::Text(text) => text.clone(),
            _ => String::new(),
        };
        assert_eq!(came.told.iter().map(text).collect::<String>(), response.text(), "{name}");
        let is_cut = name == "anthropic-cut-call-stream";
        let expected = if is_cut { vec![] } else { response.calls().collect::<Vec<_>>() };
        assert_eq!(came.complete(), expected, "{name}");
        for call in &expected {
            // What is empty on the wire is an object without members.
            let told = arguments(&came.told, call.id());
            let expected = if told.is_empty() { "{}" } else { &told };
            assert_eq!(call.arguments(), expected, "{name}");
        }
        calls += expected.len();
    }
    assert!(calls >= 10, "{calls}");
}

fn arguments(told: &[Told], id: &str) -> String {
    let begin = told.iter().position(|told| matches!(told, Told::Call(its, _) if its == id));
    let rest = told[begin.unwrap() + 1..].iter().map_while(|told| match told {
        Told::Arguments(json) => Some(json.as_str()),
        _ => None,
    });
    rest.collect()
}
