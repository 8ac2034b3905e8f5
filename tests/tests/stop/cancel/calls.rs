//! Cancels while calls run.

use agent_core::CallStatus::{Completed, Failed, Interrupted, NotRun, TimedOut};
use agent_core::{Agent, Limits, ParallelToolCalls, RunEnd, Transcript};
use std::collections::HashSet;
use tokio::time::{Instant, sleep};

use super::{agent, cancelled_at, goes_on, making};
use agent_tests::support::diary::{Diary, assert_quiet};
use agent_tests::support::streamed::Script;
use agent_tests::support::{StopAt, ms, once, plan, saved, statuses, texts};

/// anthropics/claude-code#64047, #86001: an automatic stop read like a user's, and a call that was killed
/// was reported as "not executed".
#[tokio::test(start_paused = true)]
async fn s02_s03_five_outcomes_have_five_texts() {
    let diary = Diary::new();
    let calls = "look 10, fail 10, hang 60000, look 60000, count 60000, save 1";
    let (outcome, ended) = cancelled_at(3000, &diary, &making(&diary, calls)).await;
    assert_eq!(ended, 4000, "the grace period");
    assert_eq!(
        statuses(outcome.transcript()),
        [Completed, Failed, TimedOut, Interrupted, Interrupted, NotRun]
    );
    assert_eq!(
        texts(outcome.transcript()),
        [
            "10",
            "no such file",
            "timed out after 2s",
            "interrupted while running",
            "interrupted while running; it may have taken effect",
            "not run: the run was cancelled",
        ]
    );
    let distinct: HashSet<_> = texts(outcome.transcript()).into_iter().collect();
    assert_eq!(distinct.len(), 6);
}

/// Hmbown/Codewhale#6378: a made-up result stood beside the real one.
#[tokio::test(start_paused = true)]
async fn s06_what_ends_within_the_grace_period_has_its_own_result() {
    let diary = Diary::new();
    let calls = "look 10, look 600, think 1099, look 1101";
    let (outcome, ended) = cancelled_at(100, &diary, &making(&diary, calls)).await;
    assert_eq!(statuses(outcome.transcript()), [Completed, Completed, Completed, Interrupted]);
    assert_eq!(texts(outcome.transcript())[..3], ["10", "600", "1099"]);
    assert_eq!(ended, 1100);
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_listens_returns_its_own_result_and_nobody_waits_longer() {
    let diary = Diary::new();
    let (outcome, ended) = cancelled_at(100, &diary, &making(&diary, "polite 300, look 1")).await;
    assert_eq!(ended, 400);
    assert_eq!(statuses(outcome.transcript()), [Completed, NotRun]);
    assert_eq!(texts(outcome.transcript())[0], "stopped in good order");
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_listens_too_long_is_interrupted_and_may_have_taken_effect() {
    let diary = Diary::new();
    let (outcome, ended) = cancelled_at(100, &diary, &making(&diary, "polite 1001")).await;
    assert_eq!((ended, statuses(outcome.transcript())), (1100, vec![Interrupted]));
    assert!(texts(outcome.transcript())[0].ends_with("it may have taken effect"));
}

#[tokio::test(start_paused = true)]
async fn the_grace_period_can_be_set() {
    for (grace, ended, status) in
        [(0, 100, Interrupted), (200, 300, Interrupted), (5000, 1600, Completed)]
    {
        let diary = Diary::new();
        let agent = making(&diary, "look 1600").limits(Limits::default().with_grace(ms(grace)));
        let (outcome, at) = cancelled_at(100, &diary, &agent).await;
        assert_eq!((at, statuses(outcome.transcript())), (ended, vec![status]), "{grace}");
    }
    let diary = Diary::new();
    let limits = Limits::default().with_grace(std::time::Duration::MAX);
    let (outcome, _) = cancelled_at(5, &diary, &making(&diary, "look 1600").limits(limits)).await;
    assert_eq!(statuses(outcome.transcript()), [Completed]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_the_ledger_or_for_a_slot_never_starts() {
    let narrow: fn(Agent) -> Agent = |agent| agent.concurrency(1);
    for (calls, rule) in [
        ("save 60000, save 1, look 1, save 2", (|agent| agent) as fn(Agent) -> Agent),
        ("look 60000, look 1, think 1, save 2", narrow),
        ("narrow 60000, narrow 1, narrow 2, narrow 3", |agent| agent),
        ("think 60000, think 1, think 1, think 1", |agent| {
            agent.parallel_tool_calls(ParallelToolCalls::Never)
        }),
    ] {
        let diary = Diary::new();
        let (outcome, ended) = cancelled_at(100, &diary, &rule(making(&diary, calls))).await;
        assert_eq!((ended, diary.len()), (1100, 2), "{calls}: {:?}", diary.lines());
        assert_eq!(
            statuses(outcome.transcript()),
            [Interrupted, NotRun, NotRun, NotRun],
            "{calls}"
        );
        assert_eq!(texts(outcome.transcript())[1..], ["not run: the run was cancelled"; 3]);
    }
}

/// What ends within the grace period lets nobody in who waited for it.
#[tokio::test(start_paused = true)]
async fn nothing_starts_within_the_grace_period() {
    for calls in ["save 500, save 1", "look 500, save 1", "narrow 500, narrow 1"] {
        let diary = Diary::new();
        let (outcome, ended) = cancelled_at(100, &diary, &making(&diary, calls)).await;
        assert_eq!(statuses(outcome.transcript()), [Completed, NotRun], "{calls}");
        assert_eq!(ended, 500);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_in_its_grace_period_leaves_a_chat_that_goes_on() {
    let diary = Diary::new();
    let agent = making(&diary, "save 60000, look 1");
    let mut chat = agent.conversation(Transcript::default());
    let run = chat.send("go").cancel_on(sleep(ms(100)));
    tokio::time::timeout(ms(500), run).await.unwrap_err();
    assert_quiet(&diary).await;
    assert_eq!(statuses(chat.transcript()), [Interrupted, NotRun]);
    goes_on(&mut chat).await;
}

/// LionSR/TeXRA#7163, letta-ai/letta-code#578, langchain-ai/deepagentsjs#150, Chainlit/chainlit#2662: fewer
/// results than calls were stored after an interrupt.
#[tokio::test(start_paused = true)]
async fn s05_a_cancel_at_any_time_leaves_a_result_for_each_call() {
    for time in 0..120 {
        let diary = Diary::new();
        let first = Script::new()
            .after(10)
            .with_text("so")
            .calls("look 10, save 20, look 5, think 40")
            .after(15);
        let second = Script::new().calls("count 10, hang 10").after(20).end();
        let agent = agent(&diary, [first.end(), second]);
        let mut chat = agent.conversation(Transcript::default());
        let outcome = chat.send("go").cancel_on(sleep(ms(time))).await.unwrap();
        let over = outcome.end() == &RunEnd::Done;
        assert_quiet(&diary).await;
        saved(chat.transcript());
        let calls: usize = chat.transcript().responses().map(|r| r.calls().count()).sum();
        assert_eq!(chat.transcript().results().count(), calls);
        assert!(diary.count("save begins") <= 1);
        if over {
            return;
        }
    }
    panic!("it ends before");
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_is_cancelled_again_and_again_goes_on() {
    let diary = Diary::new();
    let again = || Script::new().calls("look 60000, save 1").end();
    let agent = agent(&diary, [again(), again(), again()]);
    let mut chat = agent.conversation(Transcript::default());
    for _ in 0..2 {
        let outcome = chat.send("go").cancel_on(sleep(ms(10))).await.unwrap();
        assert_eq!(outcome.end(), &RunEnd::Cancelled);
        saved(chat.transcript());
    }
    let outcome = chat.resume().cancel_on(sleep(ms(10))).await.unwrap();
    assert_eq!(outcome.end(), &RunEnd::Cancelled);
    assert_eq!(statuses(chat.transcript()), [Interrupted, NotRun].repeat(3));
    assert_eq!(diary.count("save begins"), 0);
    goes_on(&mut chat).await;
}

/// openai/openai-agents-python#3004, openbraininstitute/neuroagent#22, langchain-ai/langgraph#6626: a run
/// that was resumed made a call again.
#[tokio::test(start_paused = true)]
async fn s18_a_resumed_run_makes_no_finished_call_again() {
    let diary = Diary::new();
    let agent = agent(&diary, [Script::new().calls("save 10, look 60000").end()]);
    let mut chat = agent.conversation(Transcript::default());
    _ = chat.send("go").cancel_on(sleep(ms(100))).await.unwrap();
    assert_eq!(statuses(chat.transcript()), [Completed, Interrupted]);
    assert_eq!(chat.resume().await.unwrap().text(), "done");
    assert_eq!((diary.count("save begins"), diary.count("look begins")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_comes_with_the_last_result_stops_the_run_before_the_next_turn() {
    let diary = Diary::new();
    let agent = making(&diary, "look 100");
    let began = Instant::now();
    let outcome = agent.run("go").cancel_on(sleep(ms(100))).await.unwrap();
    assert_eq!((outcome.end(), began.elapsed()), (&RunEnd::Cancelled, ms(100)));
    assert_eq!(statuses(outcome.transcript()), [Completed]);
    assert_eq!(outcome.transcript().responses().count(), 1);
}

/// A cancel that never comes costs nothing, and one that comes after the end changes nothing.
#[tokio::test(start_paused = true)]
async fn a_cancel_after_the_end_changes_nothing() {
    let diary = Diary::new();
    for time in [101, 60_000] {
        let agent = making(&diary, "look 100");
        let outcome = agent.run("go").cancel_on(sleep(ms(time))).await.unwrap();
        assert_eq!((outcome.end(), outcome.elapsed()), (&RunEnd::Done, ms(100)));
    }
    let never = once(plan("look 100"));
    let run = Agent::new(never).tools(diary.tools()).run("go");
    let ended = StopAt::new(1000, run.cancel_on(std::future::pending::<()>())).await;
    assert_eq!(ended.unwrap().unwrap().end(), &RunEnd::Done);
}
