//! Responses that are cut off after some of their calls have begun.

use agent_core::CallStatus::{Completed, Failed, Interrupted, NotRun};
use agent_core::{Agent, RunEnd, StopReason, Transcript};

use super::{agent, run};
use agent_tests::support::diary::{Diary, assert_quiet};
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::watched::watched;
use agent_tests::support::{ms, saved, statuses, texts};

const CUTS: [StopReason; 3] = [StopReason::MaxTokens, StopReason::Refusal, StopReason::Filtered];

fn script() -> Script {
    let calls = "look 100, look 5000, save 1, think 200, fail 50, look 10";
    Script::new().calls(calls).after(1000)
}

/// vllm-project/vllm#58228, NousResearch/hermes-agent#7693: a call that was cut off ran.
#[tokio::test(start_paused = true)]
async fn s24_of_a_response_that_is_cut_off_what_has_finished_stays_and_nothing_starts() {
    for stop in CUTS {
        let diary = Diary::new();
        let outcome = run(&diary, &agent(&diary, [script().stop(stop.clone())])).await;
        assert_eq!(
            statuses(outcome.transcript()),
            [Completed, Interrupted, NotRun, Completed, NotRun, NotRun],
            "{stop:?}"
        );
        let texts = texts(outcome.transcript());
        assert_eq!(texts[..2], ["100", "interrupted while running"]);
        assert_eq!(texts[5], "not run: the response was cut off");
        assert_eq!((diary.count("save begins"), diary.count("fail begins")), (0, 0));
        assert_eq!(diary.when("look is stopped"), Some(1000));
        assert_eq!(outcome.elapsed(), ms(1000));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_failed_before_the_cut_keeps_its_result() {
    let diary = Diary::new();
    let script = Script::new().calls("fail 50, look 10").after(1000);
    let outcome = run(&diary, &agent(&diary, [script.stop(StopReason::MaxTokens)])).await;
    assert_eq!(statuses(outcome.transcript()), [Failed, NotRun]);
    assert_eq!(texts(outcome.transcript())[0], "no such file");
}

#[tokio::test(start_paused = true)]
async fn of_a_response_that_was_paused_the_same_holds_and_the_run_goes_on() {
    let diary = Diary::new();
    let model = Streamed::new([script().stop(StopReason::Paused)]);
    let agent = Agent::new(model.clone()).tools(diary.tools());
    let outcome = run(&diary, &agent).await;
    assert_eq!(
        (outcome.end(), outcome.text(), model.asked()),
        (&RunEnd::Done, "done".to_owned(), 2)
    );
    assert_eq!(
        statuses(outcome.transcript()),
        [Completed, Interrupted, NotRun, Completed, NotRun, NotRun]
    );
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_queued_when_the_response_is_cut_not_run() {
    let diary = Diary::new();
    let script = Script::new().calls("narrow 5000, narrow 10, look 1").after(100);
    let outcome = run(&diary, &agent(&diary, [script.stop(StopReason::MaxTokens)])).await;
    assert_eq!(statuses(outcome.transcript()), [Interrupted, NotRun, NotRun]);
    assert_eq!(outcome.timeline().calls()[0].started, Some(ms(0)));
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_response_that_only_ended_has_its_results_too() {
    let diary = Diary::new();
    let script = Script::new().calls("look 10, save 10").after(100).stop(StopReason::EndTurn);
    let outcome = run(&diary, &agent(&diary, [script])).await;
    assert_eq!(
        (outcome.end(), statuses(outcome.transcript())),
        (&RunEnd::Done, vec![Completed, NotRun])
    );
}

#[tokio::test(start_paused = true)]
async fn a_conversation_goes_on_after_a_cut() {
    let diary = Diary::new();
    let agent = agent(&diary, [script().stop(StopReason::MaxTokens)]);
    let mut chat = agent.conversation(Transcript::default());
    assert_eq!(chat.send("go").await.unwrap().end(), &RunEnd::Truncated);
    saved(chat.transcript());
    assert_eq!(chat.send("go on").await.unwrap().text(), "done");
    assert_eq!(chat.transcript().results().count(), 6);
    assert_quiet(&diary).await;
}

/// "A call is announced, starts, may tell of its progress, and ends; one that never starts only ends."
#[tokio::test(start_paused = true)]
async fn each_call_of_a_cut_response_ends_once() {
    for early in [true, false] {
        let diary = Diary::new();
        let agent = agent(&diary, [script().stop(StopReason::MaxTokens)]).eager_calls(early);
        let seen = watched(agent.stream("go")).await;
        for call in 1..=6 {
            let ends = seen
                .words()
                .iter()
                .filter(|words| words.starts_with(&format!("end {call}")))
                .count();
            assert_eq!(ends, 1, "early start {early}, call {call}: {:#?}", seen.timed());
        }
    }
}
