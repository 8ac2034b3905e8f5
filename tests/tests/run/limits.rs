//! Each limit has its own clear result, and none of them ends more than it has to.

use agent_core::CallStatus::{Completed, Failed, NotRun};
use agent_core::{Agent, Limits, Response, RunEnd, RunErrorKind, Toolset, tool, tools};
use agent_tests::support::{ms, once, saved, statuses, texts};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// Wait for ten milliseconds.
#[tool(pure)]
async fn wait(n: usize) -> usize {
    sleep(Duration::from_millis(10)).await;
    n
}

/// Repeat a letter between two marks.
#[tool(pure, inline)]
fn repeat(times: usize) -> String {
    format!("<{}>", "x".repeat(times))
}

/// Repeat a letter in an error.
#[tool(pure, inline)]
fn complain(times: usize) -> Result<(), String> {
    Err(repeat(times))
}

/// Take a text.
#[tool(write, inline)]
fn take(text: &str) -> usize {
    text.len()
}

fn toolset() -> Toolset {
    tools![wait, repeat, complain, take].into()
}

fn waits(calls: usize) -> Response {
    (0..calls).fold(Response::new(), |response, n| {
        let call = agent_core::ToolCall::new(format!("c{n}"), "wait", format!(r#"{{"n":{n}}}"#));
        response.block(agent_core::Content::ToolCall(call).into())
    })
}

fn agent(response: Response, limits: Limits) -> Agent {
    Agent::new(once(response)).tools(toolset()).limits(limits)
}

#[tokio::test(start_paused = true)]
async fn the_129th_call_is_told_to_come_again() {
    let outcome = agent(waits(130), Limits::default()).run("go").await.unwrap();
    let (texts, statuses) = (texts(outcome.transcript()), statuses(outcome.transcript()));
    assert_eq!((texts[127], statuses[127]), ("127", Completed));
    for late in [128, 129] {
        assert_eq!(statuses[late], NotRun);
        assert_eq!(
            texts[late],
            "not run: limit of 128 calls in a response; call it again next turn"
        );
    }
    assert_eq!(outcome.end(), &RunEnd::Done);
    saved(outcome.transcript());
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_calls_are_answered_when_the_limit_allows_them() {
    let limits = Limits::default().with_calls(10_000);
    let outcome = agent(waits(10_000), limits).run("go").await.unwrap();
    assert_eq!(outcome.elapsed(), ms(10));
    let texts = texts(outcome.transcript());
    assert_eq!(texts.len(), 10_000);
    assert!(texts.iter().enumerate().all(|(n, text)| *text == n.to_string()));
}

#[tokio::test(start_paused = true)]
async fn eight_hundred_calls_in_four_slots_take_two_hundred_rounds() {
    let limits = Limits::default().with_calls(800);
    let outcome = agent(waits(800), limits).concurrency(4).run("go").await.unwrap();
    assert_eq!(outcome.elapsed(), ms(2_000));
    assert!(texts(outcome.transcript()).iter().enumerate().all(|(n, t)| *t == n.to_string()));
}

static RUNNING: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// Count those who are here.
#[tool(pure)]
async fn crowd() {
    MOST.fetch_max(RUNNING.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    tokio::task::yield_now().await;
    RUNNING.fetch_sub(1, Ordering::SeqCst);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_on_concurrency_is_never_passed() {
    let many = (0..500).fold(Response::new(), |response, _| response.call("crowd", "{}"));
    let agent = Agent::new(once(many))
        .tools(tools![crowd])
        .limits(Limits::default().with_calls(500))
        .concurrency(4);
    let (one, other) = tokio::join!(agent.run("one"), agent.run("other"));
    for outcome in [one.unwrap(), other.unwrap()] {
        assert_eq!(texts(outcome.transcript()), ["done"; 500]);
    }
    let most = MOST.load(Ordering::SeqCst);
    assert!((1..=4).contains(&most), "{most} at a time");
}

#[tokio::test(start_paused = true)]
async fn arguments_that_are_too_large_are_not_read() {
    let call = |length: usize| format!(r#"{{"text":"{}"}}"#, "x".repeat(length - 11));
    let response = Response::new().call("take", call(1 << 20)).call("take", call((1 << 20) + 1));
    let outcome = agent(response, Limits::default()).run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [Completed, NotRun]);
    assert_eq!(
        texts(outcome.transcript()),
        ["1048565", "not run: arguments of 1048577 bytes, at most 1048576 are taken"]
    );

    let response = Response::new().call("take", call(20)).call("take", call(30));
    let outcome =
        agent(response, Limits::default().with_argument_bytes(25)).run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [Completed, NotRun]);
}

/// Head and tail stay; the note between them tells what is missing.
fn check_cut(text: &str, whole: usize, most: usize) {
    assert!(text.starts_with("<xxx") && text.ends_with("xxx>"), "{text:.80}");
    let (head, rest) = text.split_once("\n[.. ").unwrap();
    let (missing, tail) = rest.split_once(" bytes left out ..]\n").unwrap();
    let missing: usize = missing.parse().unwrap();
    assert_eq!(head.len() + missing + tail.len(), whole, "the note counts right");
    assert!(head.len() + tail.len() <= most, "{} + {} > {most}", head.len(), tail.len());
    assert!(!tail.contains("left out"));
}

#[tokio::test(start_paused = true)]
async fn a_large_output_keeps_its_head_and_its_tail() {
    let response = Response::new()
        .call("repeat", r#"{"times":262142}"#)
        .call("repeat", r#"{"times":262143}"#)
        .call("complain", r#"{"times":500000}"#);
    let outcome = agent(response, Limits::default()).run("go").await.unwrap();
    let results = texts(outcome.transcript());
    assert_eq!(results[0].len(), 256 << 10);
    check_cut(results[1], 262_145, 256 << 10);
    check_cut(results[2], 500_002, 256 << 10);
    assert_eq!(statuses(outcome.transcript())[2], Failed);
}

#[tokio::test(start_paused = true)]
async fn of_the_outputs_of_a_turn_the_largest_are_cut_first() {
    let response = Response::new()
        .call("repeat", r#"{"times":48}"#)
        .call("repeat", r#"{"times":2998}"#)
        .call("repeat", r#"{"times":5998}"#)
        .call("wait", r#"{"n":7}"#);
    let outcome =
        agent(response, Limits::default().with_turn_output_bytes(2051)).run("go").await.unwrap();
    let results = texts(outcome.transcript());
    assert_eq!((results[0].len(), results[3]), (50, "7"));
    check_cut(results[1], 3000, 1000);
    check_cut(results[2], 6000, 1000);
}

#[tokio::test(start_paused = true)]
async fn all_outputs_of_a_turn_together_stay_below_their_limit() {
    let response = (0..100).fold(Response::new(), |r, _| r.call("repeat", r#"{"times":98}"#));
    let outcome =
        agent(response, Limits::default().with_turn_output_bytes(9_900)).run("go").await.unwrap();
    let results = texts(outcome.transcript());
    assert!(results.iter().all(|text| text.len() <= 100), "a cut makes no text longer");
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_cut_twice_says_how_much_of_the_whole_is_missing() {
    let response = (0..8).fold(Response::new(), |r, _| r.call("repeat", r#"{"times":998}"#));
    let limits = Limits::default().with_output_bytes(800).with_turn_output_bytes(3_200);
    let outcome = agent(response, limits).run("go").await.unwrap();
    for text in texts(outcome.transcript()) {
        check_cut(text, 1000, 400);
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_that_is_too_large_is_an_error_and_nothing_of_it_runs() {
    let model = agent_core::ScriptedModel::new()
        .turn(|_| waits(1))
        .turn(|_| Response::new().with_text("x".repeat(60)).call("take", r#"{"text":"abc"}"#));
    let agent =
        Agent::new(model).tools(toolset()).limits(Limits::default().with_response_bytes(70));
    let error = agent.run("go").await.unwrap_err();
    let RunErrorKind::ResponseTooLarge { bytes, most } = error.kind() else {
        panic!("{error:?}");
    };
    assert!(*bytes > 70 && *most == 70, "{bytes}");
    assert!(error.to_string().contains("`Limits::response_bytes`"));
    assert_eq!(texts(error.transcript()), ["0"]);
    saved(error.transcript());
}

#[tokio::test(start_paused = true)]
async fn the_limits_of_a_response_hold_again_in_the_next_turn() {
    let model = agent_core::ScriptedModel::new()
        .turn(|_| waits(3))
        .turn(|_| waits(2))
        .turn(|_| Response::new().with_text("done"));
    let agent = Agent::new(model).tools(toolset()).limits(Limits::default().with_calls(2));
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(
        statuses(outcome.transcript()),
        [Completed, Completed, NotRun, Completed, Completed]
    );
}

/// The texts of a response of 100,000 calls, of which 128 run unless the run is dropped before.
fn check_refusals(texts: &[&str], ran: usize) {
    assert_eq!(texts.len(), 100_000);
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    assert!(bytes <= 1 << 20, "{bytes} bytes of results");
    assert!(texts[..ran].iter().all(|text| text.len() == 7_000), "{:.80}", texts[0]);
    assert!(texts.iter().all(|text| !text.is_empty()));
}

fn very_many_calls() -> Response {
    (0..100_000).fold(Response::new(), |r, _| r.call("repeat", r#"{"times":6998}"#))
}

#[tokio::test]
async fn the_refusals_of_very_many_calls_are_below_the_limit_and_cut_no_other_result() {
    let outcome = agent(very_many_calls(), Limits::default()).run("go").await.unwrap();
    check_refusals(&texts(outcome.transcript()), 128);
}

#[tokio::test(start_paused = true)]
async fn the_refusals_of_a_run_that_is_dropped_are_below_the_limit_too() {
    let limits = Limits::default().with_calls(100_000);
    let agent = agent(waits(100_000), limits).concurrency(1);
    let mut chat = agent.conversation(agent_core::Transcript::default());
    let mut run = chat.stream("go");
    while let Some(event) = run.next().await {
        if let agent_core::EventKind::CallStarted { .. } = event.kind {
            break;
        }
    }
    drop(run);
    assert_eq!(statuses(chat.transcript())[1], NotRun);
    check_refusals(&texts(chat.transcript()), 0);
}
