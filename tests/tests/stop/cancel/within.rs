//! What a stopped call has left running.

use agent_core::CallStatus::Completed;
use agent_core::{
    Agent, EventKind, Response, RunEnd, RunErrorKind, ScriptedModel, State, ToolContext, ToolError,
    tool, tools,
};

use std::sync::{Arc, Mutex};
use tokio::time::{Instant, sleep};

use agent_tests::support::{ms, once, statuses, texts};

#[derive(State)]
struct Team {
    helper: Agent,
    notes: Notes,
}

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

/// Begin something, and do not wait for it.
#[tool(pure, inline)]
fn begin(helper: &Agent, notes: &Notes, call: ToolContext) {
    let (helper, notes, cancelled) = (helper.clone(), notes.clone(), call.cancelled());
    tokio::spawn(call.scope(async move {
        tokio::select! {
            () = cancelled => notes.0.lock().unwrap().push("cancelled".into()),
            outcome = helper.run("help") => {
                notes.0.lock().unwrap().push(format!("{:?}", outcome.unwrap().end()));
            }
        }
    }));
}

#[tokio::test(start_paused = true)]
async fn what_a_call_has_left_running_is_not_stopped_by_the_good_end_of_its_turn() {
    let helper = Agent::new(ScriptedModel::new().latency(ms(500)).turn(|_| Response::new()));
    let notes = Notes::default();
    let agent = Agent::new(once(Response::new().call("begin", "{}")))
        .tools(tools![begin].with_state(Team { helper, notes: notes.clone() }));
    assert_eq!(agent.run("go").await.unwrap().end(), &RunEnd::Done);
    sleep(ms(1000)).await;
    assert_eq!(*notes.0.lock().unwrap(), ["Done"]);
}

/// Work until it is told to stop, and tidy up.
#[tool(pure)]
async fn tidy(call: ToolContext) -> &'static str {
    call.cancelled().await;
    call.progress("tidying up");
    sleep(ms(300)).await;
    call.progress("tidy");
    sleep(ms(100)).await;
    "in good order"
}

#[tokio::test(start_paused = true)]
async fn a_call_tells_how_far_it_is_until_its_end_in_the_grace_period_too() {
    let agent = Agent::new(once(Response::new().call("tidy", "{}"))).tools(tools![tidy]);
    let began = Instant::now();
    let mut run = agent.run("go").cancel_on(sleep(ms(100))).stream();
    let mut told = Vec::new();
    while let Some(event) = run.next().await {
        if let EventKind::CallProgress { text, .. } = event.kind {
            told.push((text, began.elapsed()));
        }
    }
    assert_eq!(told, [("tidying up".to_owned(), ms(100)), ("tidy".to_owned(), ms(400))]);
    let outcome = run.outcome().await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [Completed]);
}

/// Find out while it is stopped that nothing is as it should be.
#[tool(pure)]
async fn break_down(call: ToolContext) -> Result<(), ToolError> {
    call.cancelled().await;
    Err(ToolError::fatal("the disk is gone"))
}

#[tokio::test(start_paused = true)]
async fn a_fatal_error_in_the_grace_period_is_not_lost() {
    let calls = Response::new().call("break_down", "{}").call("tidy", "{}");
    let agent = Agent::new(once(calls)).tools(tools![break_down, tidy]);
    let error = agent.run("go").cancel_on(sleep(ms(100))).await.unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Fatal { .. }), "{error}");
    // The others have their time all the same.
    assert_eq!(texts(error.transcript()), ["the disk is gone", "in good order"]);
}
