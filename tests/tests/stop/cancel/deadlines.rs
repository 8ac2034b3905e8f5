//! Deadlines of runs, turns and calls.

use agent_core::CallStatus::{Completed, Interrupted, NotRun, TimedOut};
use agent_core::{Limits, RunEnd, ToolContext, Transcript, tool, tools};
use std::time::Duration;
use tokio::time::Instant;

use super::{agent, goes_on, making};
use agent_tests::support::diary::{Diary, assert_quiet};
use agent_tests::support::streamed::Script;
use agent_tests::support::{ms, once, plan, statuses, texts};

#[tokio::test(start_paused = true)]
async fn the_deadline_of_a_run_ends_its_calls_as_a_cancel_does() {
    let diary = Diary::new();
    let agent = making(&diary, "look 10, look 60000, save 1");
    let mut chat = agent.conversation(Transcript::default());
    let began = Instant::now();
    let outcome = chat.send("go").deadline(ms(500)).await.unwrap();
    assert_eq!((outcome.end(), began.elapsed()), (&RunEnd::DeadlineExceeded, ms(1500)));
    assert_eq!(statuses(outcome.transcript()), [Completed, Interrupted, NotRun]);
    assert_eq!(texts(outcome.transcript())[2], "not run: the time of the run was over");
    assert_quiet(&diary).await;
    goes_on(&mut chat).await;
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_a_run_goes_before_the_limit_on_all_runs() {
    let diary = Diary::new();
    for (deadline, wanted) in [(None, 300), (Some(200), 200), (Some(9000), 9000)] {
        let agent = agent(&diary, [Script::new().stalls()]);
        let agent = agent.limits(Limits::default().with_run_timeout(ms(300)));
        let run = agent.run("go");
        let run = match deadline {
            Some(time) => run.deadline(ms(time)),
            None => run,
        };
        let outcome = run.await.unwrap();
        assert_eq!((outcome.end(), outcome.elapsed()), (&RunEnd::DeadlineExceeded, ms(wanted)));
    }
}

#[tokio::test(start_paused = true)]
async fn each_turn_has_its_time_with_all_attempts_and_calls() {
    let diary = Diary::new();
    let turn = || Script::new().after(400).calls("look 500").end();
    let limits = || Limits::default().with_turn_timeout(ms(1000));
    let agent_ = agent(&diary, [turn(), turn(), turn()]).limits(limits());
    let outcome = agent_.run("go").await.unwrap();
    assert_eq!((outcome.end(), outcome.elapsed()), (&RunEnd::Done, ms(2700)));

    let broken = Script::new().after(300).breaks_for(300);
    let agent_ = agent(&diary, [turn(), broken, turn()]).limits(limits());
    let outcome = agent_.run("go").await.unwrap();
    // The call began at 1900, the turn at 900; the grace period follows.
    assert_eq!(outcome.end(), &RunEnd::DeadlineExceeded);
    assert_eq!(outcome.elapsed(), ms(1900));

    let slow = Script::new().after(400).calls("look 9000, save 1").end();
    let outcome = agent(&diary, [slow]).limits(limits()).run("go").await.unwrap();
    assert_eq!((outcome.end(), outcome.elapsed()), (&RunEnd::DeadlineExceeded, ms(2000)));
    assert_eq!(texts(outcome.transcript())[1], "not run: the time of the turn was over");
}

#[tokio::test(start_paused = true)]
async fn a_run_may_take_no_time_or_all_of_it() {
    let diary = Diary::new();
    let outcome = agent(&diary, [Script::new().stalls()]).run("go").deadline(ms(0)).await.unwrap();
    assert_eq!((outcome.end(), outcome.elapsed()), (&RunEnd::DeadlineExceeded, ms(0)));
    let limits = Limits::default()
        .with_run_timeout(Duration::MAX)
        .with_turn_timeout(Duration::MAX)
        .with_call_timeout(Duration::MAX);
    let agent = making(&diary, "look 100000000, save 5").limits(limits);
    let outcome = agent.run("go").deadline(Duration::MAX).await.unwrap();
    assert_eq!((outcome.end(), outcome.elapsed()), (&RunEnd::Done, ms(100_000_005)));
}

/// Tell the time that is left.
#[tool(read, timeout = "5s")]
async fn left(call: ToolContext) -> u64 {
    tokio::task::yield_now().await;
    let left = call.deadline().unwrap() - Instant::now();
    u64::try_from(left.as_millis()).unwrap()
}

/// anthropics/claude-code#34565, can1357/oh-my-pi#8798: a call hung for hours.
#[tokio::test(start_paused = true)]
async fn s16_a_call_that_hangs_is_over_at_its_own_deadline_and_the_run_goes_on() {
    let diary = Diary::new();
    let calls = plan("hang 99999999, look 10").call("left", "{}");
    let tools = diary.tools().and(tools![left]).unwrap();
    let outcome = agent_core::Agent::new(once(calls)).tools(tools).run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [TimedOut, Completed, Completed]);
    assert_eq!(texts(outcome.transcript())[2], "5000");
    assert_eq!((outcome.end(), outcome.elapsed()), (&RunEnd::Done, ms(2000)));
}

/// NousResearch/hermes-agent#84719: the interrupt waited for the call that hung.
#[tokio::test(start_paused = true)]
async fn s16_no_deadline_waits_for_a_model_or_a_call_that_hangs() {
    let diary = Diary::new();
    for script in [
        Script::new().stalls(),
        Script::new().calls("look 99999999").with_text("so").stalls(),
        Script::new().calls("count 99999999, narrow 99999999, narrow 1").end(),
    ] {
        let began = Instant::now();
        let outcome = agent(&diary, [script]).run("go").deadline(ms(700)).await.unwrap();
        assert_eq!(outcome.end(), &RunEnd::DeadlineExceeded);
        assert!(began.elapsed() <= ms(1700), "{:?}", began.elapsed());
        assert_quiet(&diary).await;
    }
}
