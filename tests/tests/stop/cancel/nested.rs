//! Runs within calls of a run that is stopped.

use agent_core::CallStatus::Completed;
use agent_core::{Agent, Limits, RunEnd, State, ToolContext, tool, tools};
use std::sync::Arc;
use tokio::time::{Instant, sleep};

use agent_tests::support::diary::{Diary, assert_quiet};
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::{ms, statuses, texts};

#[derive(State)]
struct Team {
    helper: Agent,
}

/// Let somebody help, who stops when this call is stopped.
#[tool(write)]
async fn delegate(helper: &Agent, call: ToolContext) -> String {
    let outcome = helper.run("help").cancel_on(call.cancelled()).await.unwrap();
    format!("{:?}: {}", outcome.end(), texts(outcome.transcript()).join(", "))
}

/// Let somebody help.
#[tool(pure)]
async fn forget(helper: &Agent) -> String {
    helper.run("help").await.unwrap().text()
}

fn team(diary: &Arc<Diary>, tool: &str) -> Agent {
    let script = Script::new().calls("look 10, look 60000, save 1").end();
    let helper = Agent::new(Streamed::new([script])).tools(diary.tools());
    let helper = helper.limits(Limits::default().with_grace(ms(400)));
    let call = Script::new().call(tool, "{}").with_text("so").after(50).end();
    Agent::new(Streamed::new([call])).tools(tools![delegate, forget].with_state(Team { helper }))
}

/// vybestack/llxprt-code#2099: a call of a nested agent was cancelled, and the nested agent hung.
#[tokio::test(start_paused = true)]
async fn s30_a_nested_run_settles_and_the_one_around_it_gets_its_result() {
    let diary = Diary::new();
    let began = Instant::now();
    let outcome = team(&diary, "delegate").run("go").cancel_on(sleep(ms(100))).await.unwrap();
    assert_eq!((outcome.end(), began.elapsed()), (&RunEnd::Cancelled, ms(500)));
    assert_eq!(statuses(outcome.transcript()), [Completed]);
    assert_eq!(
        texts(outcome.transcript()),
        ["Cancelled: 10, interrupted while running, not run: the run was cancelled"]
    );
    assert_quiet(&diary).await;
}

#[tokio::test(start_paused = true)]
async fn s30_a_nested_run_is_cancelled_with_the_one_around_it() {
    for early in [true, false] {
        let diary = Diary::new();
        let team = team(&diary, "forget").eager_calls(early);
        let began = Instant::now();
        let outcome = team.run("go").cancel_on(sleep(ms(100))).await.unwrap();
        assert_eq!((outcome.end(), began.elapsed()), (&RunEnd::Cancelled, ms(500)));
        assert_eq!(statuses(outcome.transcript()), [Completed]);
        assert_quiet(&diary).await;
        assert_eq!((diary.when("look is stopped"), diary.count("save begins")), (Some(500), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn s30_a_nested_run_in_an_early_call_is_stopped_with_the_answer() {
    let diary = Diary::new();
    let outcome = team(&diary, "forget").run("go").cancel_on(sleep(ms(20))).await.unwrap();
    assert_eq!(outcome.transcript().responses().count(), 0);
    assert_quiet(&diary).await;
    assert_eq!((diary.when("look ends"), diary.when("look is stopped")), (Some(10), Some(20)));
}
