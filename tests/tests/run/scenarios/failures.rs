//! One call that goes wrong, and what the others have to do with it.

use agent_core::CallStatus::{Completed, Failed, Interrupted, NotRun};
use agent_core::{Agent, Limits, Response, ScriptedModel, StopReason, ToolResult};

use super::{agent, run, toolset};
use agent_tests::support::{plan, statuses, texts};

/// anthropics/claude-code#64346: one of 27 calls failed and the others were cancelled.
#[tokio::test(start_paused = true)]
async fn s01_one_of_27_calls_fails_and_26_succeed() {
    let mut calls = vec!["look 10"; 27];
    calls[3] = "fail 1";
    let outcome = run(&calls.join(", ")).await;
    let statuses = statuses(outcome.transcript());
    assert_eq!(statuses.iter().filter(|status| **status == Completed).count(), 26);
    assert_eq!(statuses[3], Failed);
}

/// anthropics/claude-code#64047: an automatic cancel read like an interrupt by the user.
#[tokio::test(start_paused = true)]
async fn s02_each_way_to_end_has_its_own_words() {
    let calls = plan("look 900, fail 10, hang 0, end 500, save 10");
    let error = agent(calls).run("go").await.unwrap_err();
    assert_eq!(
        texts(error.transcript()),
        [
            "interrupted while running",
            "no such file",
            "timed out after 300ms",
            "the account is closed",
            "not run: another call ended the run"
        ]
    );
    let cut = plan("look 1").stop(StopReason::MaxTokens);
    let outcome = agent(cut).run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["not run: the response was cut off"]);
    let outcome =
        agent(plan("look 1, look 1")).limits(Limits::default().with_calls(1)).run("go").await;
    assert!(texts(outcome.unwrap().transcript())[1].starts_with("not run: limit of 1 calls"));
}

/// anthropics/claude-code#86001: a tool that was killed while it ran was said not to have run.
#[tokio::test(start_paused = true)]
async fn s03_what_was_stopped_while_it_ran_is_not_said_to_have_not_run() {
    let error = agent(plan("save 900, save 10, end 500")).run("go").await.unwrap_err();
    assert_eq!(statuses(error.transcript()), [Interrupted, NotRun, Failed]);
    assert!(texts(error.transcript())[0].contains("may have taken effect"));
}

/// anthropics/claude-code#64237: 78 % of the errors of a conversation were collateral.
#[tokio::test(start_paused = true)]
async fn s04_as_many_errors_as_calls_that_failed_themselves() {
    let turn = |n: usize| {
        let bad = ["fail 1", "burst 1", "hang 1", "look 1", "look 1"][n % 5];
        plan(&format!("look 5, {bad}, save 3, think 1, look 2"))
    };
    let script = (0..20).fold(ScriptedModel::new(), |m, n| m.turn(move |_| turn(n)));
    let agent = Agent::new(script.turn(|_| Response::new().with_text("done"))).tools(toolset());
    let outcome = agent.run("go").await.unwrap();
    let errors = outcome.transcript().results().filter(|result| result.is_error()).count();
    assert_eq!((outcome.transcript().results().count(), errors), (100, 12));
}

/// langchain-ai/langgraph#7412: siblings that had finished were dropped when one raised.
#[tokio::test(start_paused = true)]
async fn s07_a_panic_an_error_and_a_timeout_cost_no_other_result() {
    let outcome = run("look 1, burst 20, fail 30, hang 0, look 400").await;
    assert_eq!(
        texts(outcome.transcript()),
        [
            "1",
            "the tool panicked: index out of bounds",
            "no such file",
            "timed out after 300ms",
            "400"
        ]
    );
}

/// smallest-inc/smallest-python-sdk#118: a call that failed was answered with an empty id.
#[tokio::test(start_paused = true)]
async fn s08_each_result_has_the_id_and_name_of_its_call() {
    let calls = plan("look 1, fail 1, burst 1, hang 0, forget 1, look \"x\"");
    let outcome = agent(calls.clone()).run("go").await.unwrap();
    let pair = |result: &ToolResult| (result.call_id().to_owned(), result.name().to_owned());
    let expected: Vec<_> =
        calls.calls().map(|call| (call.id().to_owned(), call.name().to_owned())).collect();
    assert_eq!(outcome.transcript().results().map(pair).collect::<Vec<_>>(), expected);
}
