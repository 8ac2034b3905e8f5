//! Limits that hold for calls that begin early too.

use agent_core::CallStatus::{Completed, NotRun, TimedOut};
use agent_core::{Limits, WaitedFor};

use super::{agent, run};
use agent_tests::support::diary::Diary;
use agent_tests::support::streamed::Script;
use agent_tests::support::{ms, spans, statuses, texts};

#[tokio::test(start_paused = true)]
async fn a_tool_that_runs_one_call_at_a_time_does_so_early() {
    let diary = Diary::new();
    let script = Script::new().calls("narrow 100, narrow 100, narrow 100, look 5").after(250).end();
    let outcome = run(&diary, &agent(&diary, [script])).await;
    assert_eq!(spans(&outcome), [(0, 100), (100, 200), (200, 300), (250, 255)]);
    assert_eq!(outcome.timeline().calls()[2].waited_for, Some(WaitedFor::ToolSlot));
}

#[tokio::test(start_paused = true)]
async fn the_concurrency_of_the_agent_counts_early_calls() {
    let diary = Diary::new();
    let script = Script::new().calls("look 100, think 100, look 100, save 10").after(150).end();
    let outcome = run(&diary, &agent(&diary, [script]).concurrency(1)).await;
    assert_eq!(spans(&outcome), [(0, 100), (100, 200), (200, 300), (300, 310)]);
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_limit_of_a_response_begin_neither_early_nor_late() {
    let diary = Diary::new();
    let script = Script::new().calls("look 10, look 20, look 30, look 40").after(100).end();
    let agent = agent(&diary, [script]).limits(Limits::default().with_calls(2));
    let outcome = run(&diary, &agent).await;
    assert_eq!(statuses(outcome.transcript()), [Completed, Completed, NotRun, NotRun]);
    assert_eq!(diary.count("look begins"), 2);
}

#[tokio::test(start_paused = true)]
async fn arguments_and_outputs_are_limited_as_ever() {
    let diary = Diary::new();
    let long = format!(r#"{{"path":"{}","ms":1}}"#, "x".repeat(2000));
    let script = Script::new().call("peek", long).calls("look 10").after(100).end();
    let agent = agent(&diary, [script]).limits(Limits::default().with_argument_bytes(1000));
    let outcome = run(&diary, &agent).await;
    assert_eq!(statuses(outcome.transcript()), [NotRun, Completed]);
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_a_call_counts_from_its_early_start() {
    let diary = Diary::new();
    let script = Script::new().calls("hang 60000, look 10").after(10_000).end();
    let outcome = run(&diary, &agent(&diary, [script])).await;
    assert_eq!(statuses(outcome.transcript()), [TimedOut, Completed]);
    assert_eq!(texts(outcome.transcript())[0], "timed out after 2s");
    assert_eq!((spans(&outcome)[0], outcome.elapsed()), ((0, 2000), ms(10_010)));
}

#[tokio::test(start_paused = true)]
async fn any_number_of_calls_may_be_allowed() {
    let diary = Diary::new();
    let script = Script::new().calls("look 10, look 20").after(100).end();
    let agent = agent(&diary, [script]).limits(Limits::default().with_calls(usize::MAX));
    let outcome = run(&diary, &agent).await;
    assert_eq!(statuses(outcome.transcript()), [Completed; 2]);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_turn_ends_early_calls_with_the_answer() {
    let diary = Diary::new();
    let script = Script::new().calls("look 10, look 60000").after(100).with_text("so").stalls();
    let agent = agent(&diary, [script]).limits(Limits::default().with_turn_timeout(ms(5000)));
    let outcome = run(&diary, &agent).await;
    assert_eq!(
        (outcome.end(), outcome.elapsed()),
        (&agent_core::RunEnd::DeadlineExceeded, ms(5000))
    );
    assert_eq!(outcome.transcript().responses().count(), 0);
    assert_eq!(diary.lines()[3], "5000 look is stopped");
}
