//! Slots that a call lends to the runs within it: to one nested call at a time, and they go back when the
//! call and all within it have ended.

use agent_core::CallStatus::Completed;
use agent_core::{Agent, Message, Response, RunError, Toolset, tool, tools};
use agent_tests::support::{ms, once, statuses, texts};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use tokio::time::sleep;

use super::gate::Gate;
use super::{only, soon};

#[derive(Default)]
struct Team {
    inner: OnceLock<Agent>,
    running: AtomicUsize,
    most: AtomicUsize,
    gate: Gate,
}

impl Team {
    async fn run(&self) -> Result<String, RunError> {
        let outcome = self.inner.get().unwrap().run("inner").await?;
        Ok(texts(outcome.transcript()).join(" | "))
    }

    fn enter(&self) {
        self.most.fetch_max(self.running.fetch_add(1, SeqCst) + 1, SeqCst);
    }

    fn leave(&self) {
        self.running.fetch_sub(1, SeqCst);
    }
}

/// Ask a service that takes one request at a time, or an agent that asks it.
#[tool(pure, max_concurrent = 1, timeout = "19s")]
async fn ask(team: &Team, agent: bool) -> Result<String, RunError> {
    if agent {
        return team.run().await;
    }
    team.enter();
    sleep(ms(10)).await;
    team.leave();
    Ok("answer".to_owned())
}

/// Run an agent.
#[tool(pure, timeout = "19s")]
async fn delegate(team: &Team) -> Result<String, RunError> {
    team.run().await
}

/// Work for a while.
#[tool(pure)]
async fn work(team: &Team) {
    team.enter();
    sleep(ms(10)).await;
    team.leave();
}

/// Work on a thread that outlives the call.
#[tool(pure, timeout = "20ms")]
fn work_on_a_thread(team: &Team) {
    team.enter();
    team.gate.pass();
    team.leave();
}

fn toolset(team: &Arc<Team>) -> Toolset {
    tools![ask, delegate, work, work_on_a_thread].with_state_arc(team.clone())
}

/// What the run was started with.
fn asked(request: &agent_core::Request<'_>) -> &'static str {
    match &request.transcript().messages()[0] {
        Message::User(input) if *input == ["outer".into()].into() => "outer",
        Message::User(input) if *input == ["inner".into()].into() => "inner",
        _ => "other",
    }
}

fn times(count: usize, name: &str, arguments: &str) -> Response {
    (0..count).fold(Response::new(), |response, _| response.call(name, arguments))
}

/// Row 9: "permits lent to nested runs are unlimited (`max_concurrent = 1`, five at once)".
#[tokio::test(start_paused = true)]
async fn the_slot_of_a_tool_is_lent_to_one_nested_call_at_a_time() {
    let team = Arc::new(Team::default());
    let tools = toolset(&team);
    let inner = Agent::new(once(times(5, "ask", r#"{"agent":false}"#))).tools(tools.clone());
    assert!(team.inner.set(inner).is_ok());
    let outer = Agent::new(once(times(1, "ask", r#"{"agent":true}"#))).tools(tools);
    let outcome = soon(outer.run("go")).await.unwrap();
    assert_eq!(only(&outcome), ["answer"; 5].join(" | "));
    assert_eq!((team.most.load(SeqCst), outcome.elapsed()), (1, ms(50)));
}

/// Row 9, for the slots of an agent that runs itself.
#[tokio::test(start_paused = true)]
async fn the_slot_of_an_agent_is_lent_to_one_nested_call_at_a_time() {
    let team = Arc::new(Team::default());
    let model = agent_core::ScriptedModel::new()
        .turn(|request| match asked(request) {
            "outer" => times(1, "delegate", "{}"),
            _ => times(5, "work", "{}"),
        })
        .turn(|_| Response::new().with_text("done"));
    let agent = Agent::new(model).tools(toolset(&team)).concurrency(1);
    assert!(team.inner.set(agent.clone()).is_ok());
    let outcome = soon(agent.run("outer")).await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [Completed]);
    assert_eq!((team.most.load(SeqCst), outcome.elapsed()), (1, ms(50)));
}

/// Row 9, with both kinds of slot and two levels: the lent slot is lent on, without a deadlock.
#[tokio::test(start_paused = true)]
async fn a_lent_slot_is_lent_on_one_call_at_a_time() {
    let (inmost, middle) = (Arc::new(Team::default()), Arc::new(Team::default()));
    let tools = toolset(&inmost);
    let leaf = Agent::new(once(times(3, "ask", r#"{"agent":false}"#))).tools(tools.clone());
    assert!(inmost.inner.set(leaf).is_ok());
    let twice = Agent::new(once(times(2, "ask", r#"{"agent":true}"#))).tools(tools.clone());
    assert!(middle.inner.set(twice).is_ok());
    let outer = tools![delegate].with_state_arc(middle);
    let outcome = soon(Agent::new(once(times(1, "delegate", "{}"))).tools(outer).run("go")).await;
    let outcome = outcome.unwrap();
    assert_eq!(only(&outcome).matches("answer").count(), 6);
    assert_eq!((inmost.most.load(SeqCst), outcome.elapsed()), (1, ms(60)));
}

/// Row 9: "stay lent after the caller ended": a nested body that outlives its timeout keeps the one slot,
/// and gives it back when it ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lent_slot_goes_back_when_all_within_the_parent_has_ended() {
    let (gate, _opener) = Gate::new();
    let team = Arc::new(Team { gate: gate.clone(), ..Team::default() });
    let model = agent_core::ScriptedModel::new()
        .turn(|request| match asked(request) {
            "outer" => times(1, "delegate", "{}"),
            "inner" => times(1, "work_on_a_thread", "{}"),
            _ => times(2, "work", "{}"),
        })
        .turn(|_| Response::new().with_text("done"));
    let agent = Agent::new(model).tools(toolset(&team)).concurrency(1);
    assert!(team.inner.set(agent.clone()).is_ok());
    let outcome = soon(agent.run("outer")).await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [Completed]);

    let other = tokio::spawn(async move { agent.run("other").await.unwrap() });
    sleep(ms(50)).await;
    assert!(!other.is_finished(), "two calls in one slot");
    gate.open();
    let outcome = soon(other).await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [Completed; 2]);
    assert_eq!(team.most.load(SeqCst), 1);
}

/// No call holds the slot of its tool while it waits for one of its agent: a call that has the agent's slot
/// may run an agent that needs the tool's.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_one_slot_holds_no_other() {
    let team = Arc::new(Team::default());
    let tools = toolset(&team);
    let inner = Agent::new(once(times(1, "ask", r#"{"agent":false}"#))).tools(tools.clone());
    assert!(team.inner.set(inner).is_ok());
    let calls = Response::new().call("delegate", "{}").call("ask", r#"{"agent":false}"#);
    let outer = Agent::new(once(calls)).tools(tools).concurrency(1);
    let outcome = soon(outer.run("go")).await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["answer"; 2]);
    assert_eq!(outcome.elapsed(), ms(20));
}
