//! Calls that hang, and runs that are stopped.

use agent_core::CallStatus::{Completed, Interrupted, TimedOut};
use agent_core::{Agent, Response, Transcript, tool, tools};
use tokio::time::{Instant, timeout};

use super::{agent, end, look};
use agent_tests::support::{ms, once, plan, saved, statuses, texts};

/// LionSR/TeXRA#7163, letta-ai/letta-code#578: fewer results than calls were stored.
#[tokio::test(start_paused = true)]
async fn s05_an_interrupt_at_any_time_leaves_a_result_for_each_call() {
    for at in 0..60 {
        let agent = agent(plan("look 10, save 20, look 5, think 50"));
        let mut chat = agent.conversation(Transcript::default());
        _ = timeout(ms(at), chat.send("go")).await;
        let calls: usize = chat.transcript().responses().map(|r| r.calls().count()).sum();
        assert_eq!(chat.transcript().results().count(), calls);
        saved(chat.transcript());
    }
}

/// Hmbown/Codewhale#6378: a made-up result stood beside the real one.
#[tokio::test(start_paused = true)]
async fn s06_the_real_result_of_a_call_that_ended_before_the_interrupt_is_the_only_one() {
    let agent = agent(plan("look 10, look 900"));
    let mut chat = agent.conversation(Transcript::default());
    timeout(ms(100), chat.send("go")).await.unwrap_err();
    assert_eq!(statuses(chat.transcript()), [Completed, Interrupted]);
    assert_eq!(texts(chat.transcript())[0], "10");
}

/// Hang, without a timeout of its own.
#[tool(read)]
async fn stall() {
    std::future::pending::<()>().await;
}

/// anthropics/claude-code#34565, NousResearch/hermes-agent#84719: a call hung for hours, and the
/// interrupt waited for it too.
#[tokio::test(start_paused = true)]
async fn s16_a_call_that_hangs_has_a_default_deadline_and_holds_no_interrupt_up() {
    let stalled = || {
        let calls = Response::new().call("stall", "{}").call("end", r#"{"ms":10}"#);
        Agent::new(once(calls)).tools(tools![stall, end])
    };
    let alone = Agent::new(once(Response::new().call("stall", "{}"))).tools(tools![stall]);
    let outcome = alone.run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [TimedOut]);
    assert_eq!(outcome.elapsed(), ms(120_000));

    let began = Instant::now();
    stalled().run("go").await.unwrap_err();
    assert_eq!(began.elapsed(), ms(10), "a fatal error does not wait for it");
    timeout(ms(5), stalled().run("go")).await.unwrap_err();
    assert_eq!(began.elapsed(), ms(15), "nor does a drop");
}

/// arcee-ai/nac#105: one stuck call withheld the results of its siblings.
#[tokio::test(start_paused = true)]
async fn s17_the_results_of_the_others_are_there_while_one_is_stuck() {
    let calls = plan("look 10, look 20").call("stall", "{}");
    let agent = Agent::new(once(calls)).tools(tools![look, stall]);
    let mut chat = agent.conversation(Transcript::default());
    timeout(ms(1000), chat.send("go")).await.unwrap_err();
    assert_eq!(texts(chat.transcript())[..2], ["10", "20"]);

    let ended: Vec<_> =
        agent.run("go").await.unwrap().timeline().calls().iter().map(|c| c.ended).collect();
    assert_eq!(ended, [ms(10), ms(20), ms(120_000)]);
}
