//! What a stopped call has left running.

use agent_core::CallStatus::{Completed, Interrupted, TimedOut};
use agent_core::{
    Agent, Event, Limits, Response, RunEnd, RunErrorKind, ScriptedModel, State, ToolContext,
    ToolError, tool, tools,
};

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use agent_tests::support::{ms, once, statuses, texts};

#[derive(State)]
struct Office {
    helper: Agent,
    gate: Gate,
    stops: Stops,
}

/// Opened by the test.
struct Gate(Mutex<Receiver<()>>);

/// How runs ended that nobody waits for.
struct Stops(Mutex<Sender<RunEnd>>);

impl Stops {
    fn tell(&self, stop: &RunEnd) {
        self.0.lock().unwrap().send(stop.clone()).unwrap();
    }
}

/// Let somebody help when the gate is open.
#[tool(pure, blocking)]
fn help_later(helper: &Agent, gate: &Gate, stops: &Stops) {
    gate.0.lock().unwrap().recv().unwrap();
    stops.tell(Handle::current().block_on(async { helper.run("help").await }).unwrap().end());
}

/// Let somebody help for too long.
#[tool(pure, blocking, timeout = "20ms")]
fn help_long(helper: &Agent, stops: &Stops) {
    stops.tell(Handle::current().block_on(async { helper.run("help").await }).unwrap().end());
}

fn office(helper: Agent) -> (Office, Sender<()>, Receiver<RunEnd>) {
    let ((open, gate), (stops, stopped)) = (channel(), channel());
    let (gate, stops) = (Gate(Mutex::new(gate)), Stops(Mutex::new(stops)));
    (Office { helper, gate, stops }, open, stopped)
}

fn soon(stops: &Receiver<RunEnd>) -> RunEnd {
    stops.recv_timeout(Duration::from_secs(20)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_begins_in_a_call_which_was_given_up_ends_at_once() {
    let (office, open, stops) = office(Agent::new(ScriptedModel::new()));
    let agent = Agent::new(once(Response::new().call("help_later", "{}")))
        .tools(tools![help_later].with_state(office))
        .limits(Limits::default().with_grace(ms(10)));
    let outcome = agent.run("go").cancel_on(sleep(ms(50))).await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [Interrupted]);
    open.send(()).unwrap();
    // The empty script would make it fail if its model were asked.
    assert_eq!(soon(&stops), RunEnd::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_within_a_call_that_timed_out_is_cancelled() {
    let slow = ScriptedModel::new().latency(Duration::from_secs(600)).turn(|_| Response::new());
    let (office, _open, stops) = office(Agent::new(slow));
    let agent = Agent::new(once(Response::new().call("help_long", "{}")))
        .tools(tools![help_long].with_state(office));
    let outcome = agent.run("go").await.unwrap();
    assert_eq!((outcome.end(), statuses(outcome.transcript())), (&RunEnd::Done, vec![TimedOut]));
    assert_eq!(soon(&stops), RunEnd::Cancelled);
}

#[derive(State)]
struct Team {
    helper: Agent,
    notes: Notes,
}

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

/// Begin something, and do not wait for it.
#[tool(pure)]
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
        if let Event::CallProgress { text, .. } = event {
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
