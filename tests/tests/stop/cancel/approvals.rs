//! A human's wait stops the clocks, and a cancel ends it.

use agent_core::CallStatus::{Completed, Interrupted, NotRun};
use agent_core::{Agent, Decision, Limits, RunEnd};
use std::sync::Arc;
use tokio::time::sleep;

use super::cancelled_at;
use agent_tests::support::diary::{Diary, assert_quiet};
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::{ms, statuses, texts};

const HOUR: u64 = 3_600_000;

/// An agent whose human takes an hour for each question.
fn asking(diary: &Arc<Diary>, calls: &str) -> Agent {
    let model = Streamed::new([Script::new().after(400).calls(calls).end()]);
    Agent::new(model).tools(diary.all_tools()).approve(|_| async {
        sleep(ms(HOUR)).await;
        Decision::Allow
    })
}

#[tokio::test(start_paused = true)]
async fn the_clocks_of_turn_and_run_stand_still_while_somebody_is_asked() {
    for limits in [
        Limits::default().with_turn_timeout(ms(1000)),
        Limits::default().with_run_timeout(ms(1000)),
    ] {
        let diary = Diary::new();
        let outcome = asking(&diary, "wipe 500").limits(limits.clone()).run("go").await.unwrap();
        assert_eq!((outcome.end(), outcome.elapsed()), (&RunEnd::Done, ms(400 + HOUR + 500)));

        let outcome = asking(&diary, "wipe 9000").limits(limits).run("go").await.unwrap();
        assert_eq!(outcome.end(), &RunEnd::DeadlineExceeded);
        // 400 ms of the second were over before, the rest is left after; then the grace period.
        assert_eq!(outcome.elapsed(), ms(400 + HOUR + 600 + 1000));
        assert_eq!(statuses(outcome.transcript()), [Interrupted]);
        assert_quiet(&diary).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_clocks_stand_still_too_while_others_end_beside_the_question() {
    let diary = Diary::new();
    let agent = asking(&diary, "wipe 500, think 700, think 900000, think 1800000");
    let agent =
        agent.limits(Limits::default().with_turn_timeout(ms(1000)).with_call_timeout(ms(HOUR)));
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [Completed; 4]);
    assert_eq!(outcome.elapsed(), ms(400 + HOUR + 500));
}

#[tokio::test(start_paused = true)]
async fn a_cancel_ends_the_question() {
    let diary = Diary::new();
    let agent = asking(&diary, "wipe 500, look 10, think 60000, think 20");
    let (outcome, ended) = cancelled_at(1000, &diary, &agent).await;
    assert_eq!(ended, 2000);
    assert_eq!(
        statuses(outcome.transcript()),
        [NotRun, NotRun, Interrupted, Completed],
        "{:?}",
        texts(outcome.transcript())
    );
    assert_eq!(texts(outcome.transcript())[..2], ["not run: the run was cancelled"; 2]);

    let diary = Diary::new();
    let (_, ended) = cancelled_at(1000, &diary, &asking(&diary, "wipe 500, look 10")).await;
    assert_eq!((ended, diary.len()), (1000, 0), "where nothing runs there is no grace period");
}

#[tokio::test(start_paused = true)]
async fn a_decision_that_comes_with_the_cancel_starts_nothing() {
    let diary = Diary::new();
    let (outcome, _) = cancelled_at(400 + HOUR, &diary, &asking(&diary, "wipe 500")).await;
    let begun = diary.count("wipe begins");
    let status = statuses(outcome.transcript())[0];
    assert_eq!(status == NotRun, begun == 0, "{status:?}");
}
