//! A call is known as the parent of what it runs, whatever body it has; what runs within it does no more
//! than it declares, on any ledger, and its claims end when all within it has ended.

use agent_core::CallStatus::Completed;
use agent_core::{
    Agent, CallStatus, EventKind, Response, RunError, ScriptedModel, ToolContext, Toolset, Usage,
    tool, tools,
};
use agent_tests::support::{ms, once, statuses, texts};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::block_in_place;
use tokio::time::sleep;

use super::gate::Gate;
use super::{only, soon};

#[derive(Default)]
struct App {
    inner: OnceLock<Agent>,
    value: AtomicU64,
    gate: Gate,
}

impl App {
    fn set(&self, inner: Agent) {
        assert!(self.inner.set(inner).is_ok());
    }

    async fn run(&self) -> Result<String, RunError> {
        let outcome = self.inner.get().unwrap().run("inner").await?;
        Ok(texts(outcome.transcript()).join(" | "))
    }

    /// Reads, lets the gate pass, and writes: an update that another one in between is lost by.
    fn add_slowly(&self) {
        let before = self.value.load(SeqCst);
        self.gate.pass();
        self.value.store(before + 1, SeqCst);
    }
}

/// Run an agent that may write.
#[tool(write, timeout = "19s")]
async fn delegate(app: &App) -> Result<String, RunError> {
    app.run().await
}

/// Run an agent, on a thread or wherever a plain function runs.
#[tool(write)]
fn delegate_plainly(app: &App) -> Result<String, RunError> {
    Handle::current().block_on(app.run())
}

/// Run an agent that may touch nothing, from a plain function.
#[tool(pure)]
fn pure_plainly(app: &App) -> Result<String, RunError> {
    block_in_place(|| Handle::current().block_on(app.run()))
}

/// Run an agent that may read, from a plain function.
#[tool(read)]
fn read_plainly(app: &App) -> Result<String, RunError> {
    block_in_place(|| Handle::current().block_on(app.run()))
}

/// Run an agent that may read.
#[tool(read, timeout = "19s")]
async fn read_only(app: &App) -> Result<String, RunError> {
    app.run().await
}

/// Run an agent that may touch nothing.
#[tool(pure, timeout = "19s")]
async fn pure_only(app: &App) -> Result<String, RunError> {
    app.run().await
}

/// Run an agent that may change one table.
#[tool(write("table"), timeout = "19s")]
async fn table_only(app: &App) -> Result<String, RunError> {
    app.run().await
}

/// Add one slowly, on a thread that outlives the call.
#[tool(write, timeout = "20ms")]
fn add_on_a_thread(app: &App) {
    app.add_slowly();
}

/// Add one.
#[tool(write)]
async fn add(app: &App) -> u64 {
    app.value.fetch_add(1, SeqCst) + 1
}

/// Add one to the table.
#[tool(write("table"))]
async fn add_row(app: &App) -> u64 {
    app.value.fetch_add(1, SeqCst) + 1
}

/// Look.
#[tool(read)]
async fn look(app: &App) -> u64 {
    app.value.load(SeqCst)
}

fn toolset(app: &Arc<App>) -> Toolset {
    tools![
        add,
        add_on_a_thread,
        add_row,
        delegate,
        delegate_plainly,
        look,
        pure_only,
        pure_plainly,
        read_only,
        read_plainly,
        table_only
    ]
    .with_state_arc(app.clone())
}

fn call(name: &str) -> Response {
    Response::new().call(name, "{}")
}

fn agent(response: Response, tools: &Toolset) -> Agent {
    Agent::new(once(response)).tools(tools.clone())
}

fn two_workers() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs `outer`, and within it `inner` on this toolset.
async fn nested(outer: &str, inner: Response, inner_tools: Option<Toolset>) -> (String, Arc<App>) {
    let app = Arc::new(App::default());
    let tools = toolset(&app);
    let inner_tools = inner_tools.unwrap_or_else(|| tools.clone());
    app.set(agent(inner, &inner_tools));
    let outcome = soon(agent(call(outer), &tools).run("outer")).await.unwrap();
    (only(&outcome).to_owned(), app)
}

/// Row 2: "a nested blocking call outlives its timeout, its parent ends, the parent's claims are released:
/// an update is lost".
#[test]
fn the_claims_of_a_parent_stay_until_the_thread_within_it_returns() {
    for runtime in [two_workers(), one_thread()] {
        runtime.block_on(async {
            let (gate, _opener) = Gate::new();
            let app = Arc::new(App { gate: gate.clone(), ..App::default() });
            let tools = toolset(&app);
            app.set(agent(call("add_on_a_thread"), &tools));
            let outcome = soon(agent(call("delegate"), &tools).run("one")).await.unwrap();
            assert_eq!(statuses(outcome.transcript()), [Completed], "the parent has ended");
            assert_eq!(gate.came(), 1);

            let other = agent(call("add"), &tools);
            let other = tokio::spawn(async move { other.run("other").await.unwrap() });
            sleep(ms(50)).await;
            assert!(!other.is_finished(), "it wrote while the thread was at work");
            gate.open();
            assert_eq!(only(&soon(other).await.unwrap()), "2");
            assert_eq!(app.value.load(SeqCst), 2, "no update was lost");
        });
    }
}

/// Row 2, for two levels and for the later calls of the same run.
#[test]
fn the_claims_of_a_grandparent_stay_too() {
    let runtime = two_workers();
    runtime.block_on(async {
        let (gate, _opener) = Gate::new();
        let inner = Arc::new(App { gate: gate.clone(), ..App::default() });
        let outer = Arc::new(App::default());
        // The toolset in the middle shares its ledger with the one at both ends.
        let inmost = toolset(&inner);
        let outmost = toolset(&outer).order_with(&inmost).unwrap();
        inner.set(agent(call("add_on_a_thread"), &inmost));
        outer.set(agent(call("delegate"), &inmost));
        let calls = call("delegate").call("add", "{}");
        let run = tokio::spawn(async move { agent(calls, &outmost).run("go").await.unwrap() });
        gate.has(1).await;
        sleep(ms(100)).await;
        assert!(!run.is_finished(), "`add` ran while the thread was at work");
        gate.open();
        let outcome = soon(run).await.unwrap();
        assert_eq!(statuses(outcome.transcript()), [Completed; 2]);
    });
}

/// Row 3: "a sync tool that runs an agent waits for its own caller for ever".
#[test]
fn a_plain_function_is_the_parent_of_what_it_runs() {
    for runtime in [two_workers(), one_thread()] {
        runtime.block_on(async {
            let (text, app) = nested("delegate_plainly", call("add").call("add", "{}"), None).await;
            assert_eq!((&*text, app.value.load(SeqCst)), ("1 | 2", 2));
        });
    }
}

/// Row 3: "a `pure` sync tool may run nested writes".
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_function_that_declares_less_runs_no_nested_write() {
    for outer in ["pure_plainly", "read_plainly"] {
        let (text, app) = nested(outer, call("add"), None).await;
        assert!(text.contains("does not declare"), "{outer}: {text}");
        assert_eq!(app.value.load(SeqCst), 0, "{outer}");
    }
    let (text, _) = nested("read_plainly", call("look"), None).await;
    assert_eq!(text, "0");
}

/// Row 3: "a `read` tool may run a sub-agent that writes on a toolset of its own".
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_within_a_call_does_no_more_than_it_declares_on_any_ledger() {
    for outer in ["pure_only", "read_only", "pure_plainly", "read_plainly"] {
        let other = Arc::new(App::default());
        let (text, _) =
            nested(outer, call("add").call("add_row", "{}"), Some(toolset(&other))).await;
        assert_eq!(other.value.load(SeqCst), 0, "{outer}: {text}");
        assert_eq!(text.matches("does not declare").count(), 2, "{outer}: {text}");
    }
    // A write may run writes there, which are ordered there.
    for outer in ["delegate", "table_only"] {
        let other = Arc::new(App::default());
        let (text, _) = nested(outer, call("add_row"), Some(toolset(&other))).await;
        assert_eq!((&*text, other.value.load(SeqCst)), ("1", 1), "{outer}");
    }
}

/// Row 3, across two ledgers: a read in the middle is not passed by a write below it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_in_the_middle_of_three_ledgers_lets_no_write_through() {
    let (inmost, middle) = (Arc::new(App::default()), Arc::new(App::default()));
    middle.set(agent(call("add"), &toolset(&inmost)));
    let (text, _) = nested("delegate", call("read_only"), Some(toolset(&middle))).await;
    assert_eq!(inmost.value.load(SeqCst), 0, "{text}");
    assert!(text.contains("does not declare"), "{text}");
}

/// Row 3: a call by hand within a body is within it too, whatever its ledger.
#[tokio::test(start_paused = true)]
async fn a_call_by_hand_within_a_read_does_not_write() {
    struct Other(Toolset);

    /// Call a tool of another toolset.
    #[tool(read)]
    async fn by_hand(other: &Other) -> String {
        other.0.call("add", "{}").await.text().to_owned()
    }

    let app = Arc::new(App::default());
    let tools = tools![by_hand].with_state(Other(toolset(&app)));
    let result = tools.call("by_hand", "{}").await;
    assert_eq!(app.value.load(SeqCst), 0, "{}", result.text());
    assert!(result.text().contains("does not declare"), "{}", result.text());
}

/// Row 13: "its usage is not in the outer `usage()`".
#[tokio::test(start_paused = true)]
async fn the_usage_of_a_nested_run_is_added_to_the_outer_one() {
    let used = |calls: Response, input, output| {
        let first = calls.used(Usage::new(input, output));
        ScriptedModel::new()
            .turn(move |_| first.clone())
            .turn(move |_| Response::new().with_text("done").used(Usage::new(1, 1)))
    };
    let app = Arc::new(App::default());
    let tools = toolset(&app);
    app.set(Agent::new(used(call("add"), 100, 10)).tools(tools.clone()));
    let outer = Agent::new(used(call("delegate"), 1000, 100)).tools(tools);
    let outcome = outer.run("go").await.unwrap();
    assert_eq!(outcome.usage(), Usage::new(1102, 112));
    // The transcript has the usage of its own responses, as before.
    assert_eq!(outcome.transcript().responses().count(), 2);
}

/// Row 13: a nested run that fails or is cut off has used its tokens too.
#[tokio::test(start_paused = true)]
async fn the_usage_of_a_nested_run_that_fails_counts() {
    let app = Arc::new(App::default());
    let tools = toolset(&app);
    let fails = ScriptedModel::new().turn(|_| call("add").used(Usage::new(100, 10)));
    app.set(Agent::new(fails).tools(tools.clone()));
    let outcome = agent(call("delegate"), &tools).run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [CallStatus::Failed]);
    assert_eq!((outcome.usage().input_tokens, outcome.usage().output_tokens), (100, 10));
}

/// Row 13: "progress of a sub-agent is text only": what a nested run does can be seen from the outer one.
#[tokio::test(start_paused = true)]
async fn the_calls_of_a_nested_run_are_events_of_the_outer_run() {
    let app = Arc::new(App::default());
    let tools = toolset(&app);
    app.set(agent(call("add"), &tools));
    let mut run = agent(call("delegate"), &tools).stream("go");
    let mut started = Vec::new();
    while let Some(event) = run.next().await {
        match event.kind {
            EventKind::CallStarted { name, .. } => started.push(name.to_string()),
            EventKind::Nested { number, event, .. } => {
                if let EventKind::CallStarted { name, .. } = event.kind {
                    started.push(format!("{name} in #{number}"));
                }
            }
            _ => {}
        }
    }
    assert_eq!(started, ["delegate", "add in #1"]);
}

/// Row 2, the other way round: a task that outlives its call is refused, because the claims that it would
/// write under have been released.
#[tokio::test(start_paused = true)]
async fn a_task_that_outlives_its_call_writes_nothing_under_its_claims() {
    #[derive(Clone)]
    struct Late(Agent, Arc<Mutex<Vec<CallStatus>>>);

    /// Leave something running.
    #[tool(write)]
    async fn leave(late: &Late, call: ToolContext) {
        let late = late.clone();
        tokio::spawn(call.scope(async move {
            sleep(ms(50)).await;
            let outcome = late.0.run("late").await.unwrap();
            late.1.lock().unwrap().extend(statuses(outcome.transcript()));
        }));
    }

    let app = Arc::new(App::default());
    let inner = toolset(&app);
    let late = Late(agent(call("add"), &inner), Arc::default());
    let tools = tools![leave].with_state(late.clone()).order_with(&inner).unwrap();
    soon(agent(call("leave"), &tools).run("go")).await.unwrap();
    sleep(ms(200)).await;
    assert_ne!(*late.1.lock().unwrap(), [Completed]);
    assert_eq!(app.value.load(SeqCst), 0);
    let after = agent(call("add"), &inner).run("after").await.unwrap();
    assert_eq!(only(&after), "1", "it holds nothing");
}
