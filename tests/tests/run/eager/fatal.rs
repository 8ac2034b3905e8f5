//! Fatal errors of calls that begin early.

use agent_core::CallStatus::{Completed, Failed, NotRun};
use agent_core::{Agent, RunEnd, RunErrorKind, StopReason};

use super::agent;
use agent_tests::support::diary::{Diary, assert_quiet};
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::watched::watched;
use agent_tests::support::{saved, statuses, texts};

#[tokio::test(start_paused = true)]
async fn a_fatal_error_that_comes_after_the_response_ends_the_run() {
    let diary = Diary::new();
    let script = Script::new().calls("end 500, look 900").after(100).end();
    let error = agent(&diary, [script]).run("go").await.unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Fatal { .. }));
    saved(error.transcript());
    assert_eq!(diary.when("look is stopped"), Some(500));
    assert_quiet(&diary).await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_the_call_that_ends_the_run_never_starts() {
    let script = || [Script::new().calls("end 500, save 10").after(100).end()];
    for model in [Streamed::new(script()), Streamed::quiet(script())] {
        let diary = Diary::new();
        let error = Agent::new(model).tools(diary.tools()).run("go").await.unwrap_err();
        assert_eq!(statuses(error.transcript()), [Failed, NotRun]);
        assert_eq!(diary.count("save begins"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_had_finished_keeps_its_result_when_another_call_ends_the_run() {
    let diary = Diary::new();
    // Large enough for the batch to make a pause before it comes to the read.
    let long = format!(r#"{{"path":"{}","ms":1}}"#, "x".repeat(100_000));
    let script = Script::new()
        .calls("end 100")
        .call("peek", long)
        .calls("look 10")
        .with_text("so")
        .after(100);
    let seen = watched(agent(&diary, [script.end()]).stream("go")).await;
    let error = seen.outcome.as_ref().unwrap_err();
    assert_eq!(statuses(error.transcript()), [Failed, Completed, Completed], "{:#?}", seen.timed());
}

#[tokio::test(start_paused = true)]
async fn a_fatal_error_that_comes_before_the_end_of_the_response_ends_the_run() {
    let diary = Diary::new();
    let script = Script::new().calls("end 10, save 10").after(100).end();
    let model = Streamed::new([script]);
    let run = Agent::new(model.clone()).tools(diary.tools()).run("go").await;
    let error = run.expect_err("the error is fatal");
    let RunErrorKind::Fatal { tool, error: source } = error.kind() else {
        panic!("{error:?}");
    };
    assert_eq!((&**tool, source.to_string()), ("end", "the account is closed".to_owned()));
    saved(error.transcript());
    assert_eq!((diary.count("save begins"), model.asked()), (0, 1));
    assert_quiet(&diary).await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_a_fatal_error_in_the_same_response_never_starts_and_says_why() {
    let diary = Diary::new();
    let script =
        Script::new().calls("look 200, end 10, look 1").after(100).calls("look 10, think 5");
    let seen = watched(agent(&diary, [script.after(300).end()]).stream("go")).await;
    let error = seen.outcome.as_ref().unwrap_err();
    let statuses = statuses(error.transcript());
    assert_eq!(statuses[..3], [Completed, Failed, NotRun], "{:#?}", seen.timed());
    let texts = texts(error.transcript());
    assert_eq!(texts[2..], ["not run: another call ended the run"; 3]);
    for call in 1..=5 {
        let ends = |words: &&String| words.starts_with(&format!("end {call}"));
        assert_eq!(seen.words().iter().filter(ends).count(), 1, "{call}: {:#?}", seen.timed());
    }
}

/// It counts with the response alone, and a retry makes the call again.
#[tokio::test(start_paused = true)]
async fn a_fatal_error_of_an_answer_that_fails_is_void_with_it() {
    let diary = Diary::new();
    let script = Script::new().calls("end 10, look 10").after(100).with_text("so").breaks_for(1000);
    let outcome = agent(&diary, [script]).run("go").await.unwrap();
    assert_eq!((outcome.end(), outcome.text()), (&RunEnd::Done, "done".to_owned()));
    assert_eq!(diary.count("end ends"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_fatal_error_in_a_response_that_is_cut_off_is_not_lost() {
    let diary = Diary::new();
    let script = Script::new().calls("end 10, look 10").after(100).stop(StopReason::MaxTokens);
    let run = agent(&diary, [script]).run("go").await;
    let transcript = match &run {
        Ok(outcome) => outcome.transcript(),
        Err(error) => error.transcript(),
    };
    assert!(transcript.results().next().unwrap().error().is_some());
}
