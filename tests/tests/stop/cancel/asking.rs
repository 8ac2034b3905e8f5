//! Cancels while the model is asked.

use agent_core::{Agent, RunEnd, Transcript};
use tokio::time::{Instant, sleep};

use super::{cancelled_at, goes_on};
use agent_tests::support::diary::{Diary, assert_quiet};
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::{ms, saved};

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_before_it_begins_asks_nothing() {
    let diary = Diary::new();
    let model = Streamed::new([Script::new().calls("look 10").end()]);
    let agent = Agent::new(model.clone()).tools(diary.tools());
    let outcome = agent.run("go").cancel_on(std::future::ready(())).await.unwrap();
    assert_eq!((outcome.end(), model.asked()), (&RunEnd::Cancelled, 0));
    assert_eq!(outcome.transcript().messages().len(), 1, "what the user said");
    saved(outcome.transcript());
    assert_eq!(diary.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_model_that_thinks_is_not_waited_for() {
    let diary = Diary::new();
    for script in [Script::new().stalls(), Script::new().with_text("so").after(60_000).end()] {
        let agent = super::agent(&diary, [script]);
        let (outcome, ended) = cancelled_at(250, &diary, &agent).await;
        assert_eq!(ended, 250, "no grace period, since no call runs");
        assert_eq!(outcome.transcript().responses().count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_ends_the_pause_before_another_attempt() {
    let diary = Diary::new();
    let model = Streamed::new([Script::new().with_text("so").after(50).breaks_for(60_000)]);
    let agent = Agent::new(model.clone()).tools(diary.tools());
    let began = Instant::now();
    let mut chat = agent.conversation(Transcript::default());
    let outcome = chat.send("go").cancel_on(sleep(ms(300))).await.unwrap();
    assert_eq!((outcome.end(), began.elapsed()), (&RunEnd::Cancelled, ms(300)));
    assert_eq!(model.asked(), 1);
    goes_on(&mut chat).await;
}

#[tokio::test(start_paused = true)]
async fn early_calls_of_an_answer_that_is_not_waited_for_are_stopped_with_it() {
    let diary = Diary::new();
    let script =
        Script::new().calls("look 10, look 60000, narrow 60000, narrow 1, save 1").with_text("so");
    let agent = super::agent(&diary, [script.after(60_000).end()]);
    let (outcome, ended) = cancelled_at(250, &diary, &agent).await;
    assert_eq!((ended, outcome.transcript().responses().count()), (250, 0));
    assert_eq!(diary.count("look is stopped"), 1);
    assert_eq!(diary.when("narrow is stopped"), Some(250));
    assert_eq!((diary.count("narrow begins"), diary.count("save begins")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_cancel_between_two_turns_does_not_ask_again() {
    let diary = Diary::new();
    let model = Streamed::new([Script::new().calls("polite 10").end()]);
    let agent = Agent::new(model.clone()).tools(diary.tools());
    let outcome = agent.run("go").cancel_on(sleep(ms(100))).await.unwrap();
    assert_eq!((outcome.end(), model.asked()), (&RunEnd::Cancelled, 1));
    assert_quiet(&diary).await;
}
