//! Runs within calls: a tool that runs an agent on its own toolset, or within its own slots.

use agent_core::{
    Agent, CallStatus, Lock, Outcome, Response, RunError, ScriptedModel, ToolContext, Toolset,
    tool, tools,
};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::sleep;

mod at_random;
use agent_tests::support::{ms, once, statuses, texts};

/// The agent that tools run.
#[derive(Default)]
struct Inner(OnceLock<Agent>);

impl Inner {
    async fn run(&self) -> Result<String, RunError> {
        let outcome = self.0.get().unwrap().run("inner").await?;
        let results: Vec<_> = texts(outcome.transcript()).into_iter().map(str::to_owned).collect();
        Ok(format!("{} after {:?}", results.join(" | "), outcome.elapsed()))
    }
}

/// Run an agent that may write anything.
#[tool(write, timeout = "9s")]
async fn may_write(inner: &Inner) -> Result<String, RunError> {
    inner.run().await
}

/// Run an agent that may read.
#[tool(read, timeout = "9s")]
async fn may_read(inner: &Inner) -> Result<String, RunError> {
    inner.run().await
}

/// Run an agent that may do nothing.
#[tool(pure, timeout = "9s")]
async fn may_nothing(inner: &Inner) -> Result<String, RunError> {
    inner.run().await
}

/// Run an agent that may change one folder.
#[tool(write(file = folder), timeout = "9s")]
async fn in_folder(inner: &Inner, folder: PathBuf) -> Result<String, RunError> {
    inner.run().await.map(|said| format!("{}: {said}", folder.display()))
}

/// Run an agent on a task.
#[tool(write, timeout = "9s")]
async fn on_a_task(inner: &Inner, call: ToolContext) -> Result<String, RunError> {
    let agent = inner.0.get().unwrap().clone();
    let run = async move { agent.run("inner").await };
    let outcome = tokio::spawn(call.scope(run)).await.unwrap()?;
    Ok(texts(outcome.transcript()).join(" | "))
}

/// Run an agent on a thread that blocks.
#[tool(write)]
fn on_a_thread(inner: &Inner) -> Result<String, RunError> {
    tokio::runtime::Handle::current().block_on(inner.run())
}

/// Run two agents together.
#[tool(write, timeout = "9s")]
async fn two_at_once(inner: &Inner) -> String {
    let (one, other) = tokio::join!(inner.run(), inner.run());
    format!("{} + {}", one.unwrap(), other.unwrap())
}

/// Save for a while.
#[tool(write)]
async fn save(ms: u64) -> &'static str {
    sleep(agent_tests::support::ms(ms)).await;
    "saved"
}

/// Write a file.
#[tool(write(file = path))]
async fn write_file(path: PathBuf) -> String {
    sleep(ms(10)).await;
    format!("wrote {}", path.display())
}

/// Look for a while.
#[tool(read)]
async fn look(ms: u64) -> &'static str {
    sleep(agent_tests::support::ms(ms)).await;
    "seen"
}

struct Notes;

/// Read the notes.
#[tool(pure, inline)]
fn notes(_notes: &Notes) -> &'static str {
    "noted"
}

/// Change the notes, and run an agent.
#[tool(write, timeout = "9s")]
async fn with_notes(_notes: &mut Notes, inner: &Inner) -> Result<String, RunError> {
    inner.run().await
}

#[derive(agent_core::State)]
struct App {
    inner: Inner,
    #[lend(mut Notes)]
    notes: Lock<Notes>,
}

fn call(name: &str) -> Response {
    Response::new().call(name, "{}")
}

/// Runs `outer` on a toolset on which a tool runs an agent that makes the calls `inner`.
async fn nested(outer: Response, inner: Response) -> Outcome {
    let app = App { inner: Inner::default(), notes: Lock::new(Notes) };
    let app = Arc::new(app);
    let tools: Toolset = tools![
        may_write,
        may_read,
        may_nothing,
        in_folder,
        on_a_task,
        on_a_thread,
        two_at_once,
        save,
        write_file,
        look,
        notes,
        with_notes
    ]
    .with_state_arc(app.clone());
    let agent = Agent::new(once(inner)).tools(tools.clone());
    assert!(app.inner.0.set(agent).is_ok());
    let outcome = Agent::new(once(outer)).tools(tools.clone()).run("outer").await.unwrap();
    // Nothing is left behind: the toolset is free.
    let after = Agent::new(once(Response::new().call("save", r#"{"ms":5}"#))).tools(tools);
    assert_eq!(statuses(after.run("after").await.unwrap().transcript()), [CallStatus::Completed]);
    outcome
}

const NOT_COVERED: &str = "this call runs within another one, and touches what that one does not \
    declare: the outer tool has to declare it, and can lend no state of its own";

fn saves() -> Response {
    Response::new().call("save", r#"{"ms":20}"#).call("save", r#"{"ms":10}"#)
}

#[tokio::test(start_paused = true)]
async fn what_a_call_declares_its_runs_may_do() {
    let outcome = nested(call("may_write"), saves()).await;
    assert_eq!(texts(outcome.transcript()), ["saved | saved after 30ms"]);
    let reads = Response::new().call("look", r#"{"ms":20}"#).call("look", r#"{"ms":10}"#);
    let outcome = nested(call("may_read"), reads).await;
    assert_eq!(texts(outcome.transcript()), ["seen | seen after 20ms"]);
}

#[tokio::test(start_paused = true)]
async fn what_it_does_not_declare_is_refused_at_once() {
    for outer in ["may_read", "may_nothing"] {
        let outcome = nested(call(outer), saves()).await;
        let told = format!("{NOT_COVERED} | {NOT_COVERED} after 0ns");
        assert_eq!(texts(outcome.transcript()), [told], "{outer}");
        assert_eq!(outcome.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn a_folder_covers_the_files_in_it() {
    let inner = Response::new()
        .call("write_file", r#"{"path":"a/x"}"#)
        .call("write_file", r#"{"path":"a/../b"}"#)
        .call("write_file", r#"{"path":"a/y/z"}"#);
    let outer = Response::new().call("in_folder", r#"{"folder":"a"}"#);
    let outcome = nested(outer, inner).await;
    let told = format!("a: wrote a/x | {NOT_COVERED} | wrote a/y/z after 10ms");
    assert_eq!(texts(outcome.transcript()), [told]);
}

#[tokio::test(start_paused = true)]
async fn lockable_state_is_not_lent_on() {
    let outcome = nested(call("with_notes"), call("notes")).await;
    assert_eq!(texts(outcome.transcript()), [format!("{NOT_COVERED} after 0ns")]);
}

#[tokio::test(start_paused = true)]
async fn a_task_of_the_body_belongs_to_its_call() {
    let outcome = nested(call("on_a_task"), saves()).await;
    assert_eq!(texts(outcome.transcript()), ["saved | saved"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_on_the_thread_of_a_blocking_body_belongs_to_its_call() {
    let outcome = nested(call("on_a_thread"), saves()).await;
    // The clock is the real one: how long it took is the machine's business.
    let text = texts(outcome.transcript())[0].to_owned();
    assert!(text.starts_with("saved | saved after "), "{text}");
}

#[tokio::test(start_paused = true)]
async fn two_runs_within_one_call_are_ordered_together() {
    let inner = Response::new().call("save", r#"{"ms":20}"#);
    let outcome = nested(call("two_at_once"), inner).await;
    assert_eq!(texts(outcome.transcript()), ["saved after 20ms + saved after 40ms"]);
}

#[tokio::test(start_paused = true)]
async fn runs_within_runs_end_somewhere() {
    let inner = Response::new()
        .call("in_folder", r#"{"folder":"a/b"}"#)
        .call("write_file", r#"{"path":"a/c"}"#);
    let outer = Response::new().call("in_folder", r#"{"folder":"a"}"#);
    let outcome = nested(outer, inner).await;
    let text = texts(outcome.transcript())[0].to_owned();
    // Each run is judged by the call next around it: a/c lies in a, and not in a/b.
    assert_eq!(text.matches("a/b: ").count(), 15, "{text}");
    assert_eq!(text.matches(NOT_COVERED).count(), 14, "{text}");
    assert_eq!(text.matches("wrote a/c").count(), 1, "{text}");
    let told = "not run: too many runs stand within each other";
    assert_eq!(text.matches(told).count(), 2, "{text}");
}

#[tokio::test(start_paused = true)]
async fn slots_of_the_calls_around_are_lent() {
    let inner = Arc::new(Inner::default());
    let tools = tools![may_write, save].with_state_arc(inner.clone());
    let model = ScriptedModel::new()
        .turn(|request| match request.transcript().messages().len() {
            1 if first_text(request) == "outer" => call("may_write"),
            _ => saves(),
        })
        .turn(|_| Response::new().with_text("done"));
    let agent = Agent::new(model).tools(tools).concurrency(1);
    assert!(inner.0.set(agent.clone()).is_ok());
    let outcome = agent.run("outer").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["saved | saved after 30ms"]);
}

fn first_text(request: &agent_core::Request<'_>) -> String {
    match &request.transcript().messages()[0] {
        agent_core::Message::User(parts) => format!("{:?}", parts[0]),
        other => panic!("{other:?}"),
    }
    .trim_start_matches("Text(\"")
    .trim_end_matches("\")")
    .to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_toolset_of_its_own_waits_as_everybody_does() {
    let own = Toolset::from(tools![save]);
    let inner = Arc::new(Inner::default());
    let agent = Agent::new(once(Response::new().call("save", r#"{"ms":20}"#))).tools(own.clone());
    assert!(inner.0.set(agent.clone()).is_ok());
    let outer = tools![may_write].with_state_arc(inner);
    let outer = Agent::new(once(call("may_write"))).tools(outer);
    // Another conversation holds the write for a while.
    let (other, outcome) = tokio::join!(agent.run("other"), outer.run("outer"));
    assert_eq!(other.unwrap().elapsed(), ms(20));
    assert_eq!(texts(outcome.unwrap().transcript()), ["saved after 40ms"]);
}

#[tokio::test(start_paused = true)]
async fn toolsets_that_share_a_ledger_are_ordered_together() {
    let one = Toolset::from(tools![save]);
    let (apart, joined) =
        (Toolset::from(tools![save]), Toolset::from(tools![save]).order_with(&one).unwrap());
    let run = |tools: &Toolset| {
        let calls = Response::new().call("save", r#"{"ms":20}"#);
        let agent = Agent::new(once(calls)).tools(tools.clone());
        async move { agent.run("go").await.unwrap().elapsed() }
    };
    assert_eq!(tokio::join!(run(&one), run(&apart)), (ms(20), ms(20)));
    assert_eq!(tokio::join!(run(&one), run(&joined)), (ms(20), ms(40)));
}

mod by_name {
    /// Write under a name.
    #[agent_core::tool(write(file = path))]
    pub(super) fn write_named(path: String) -> String {
        path
    }
}

#[test]
fn a_ledger_is_not_shared_by_keys_that_never_meet() {
    let (paths, names) = (Toolset::from(tools![write_file]), tools![by_name::write_named]);
    let error = Toolset::from(names).order_with(&paths).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the keys of `file` are paths in `write_file` and plain values in `write_named`"
    );
}
