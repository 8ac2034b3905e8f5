//! Runs within calls that have been stopped.

use agent_core::CallStatus::{Interrupted, TimedOut};
use agent_core::{Agent, Limits, Response, RunEnd, ScriptedModel, State, tool, tools};
use agent_tests::support::{ms, once, statuses};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::sleep;

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
#[tool(pure)]
fn help_later(helper: &Agent, gate: &Gate, stops: &Stops) {
    gate.0.lock().unwrap().recv().unwrap();
    stops.tell(Handle::current().block_on(async { helper.run("help").await }).unwrap().end());
}

/// Let somebody help for too long.
#[tool(pure, timeout = "20ms")]
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
