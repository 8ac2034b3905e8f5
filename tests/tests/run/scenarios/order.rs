//! Updates that were lost, and orders that were not kept.

use agent_core::CallStatus::{Completed, Failed};
use agent_core::{
    Agent, Lock, ParallelToolCalls, Response, ScriptedModel, ToolResult, Toolset, tool, tools,
};
use futures::future::join_all;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{fs, io};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::{look, run, toolset};
use agent_tests::support::{ms, once, plan, saved, spans, statuses, texts};

/// Replace a text in a file.
#[tool(write(file = path))]
async fn edit(path: PathBuf, old: &str, new: &str) -> io::Result<()> {
    let text = fs::read_to_string(&path)?;
    sleep(Duration::from_millis(5)).await;
    fs::write(&path, text.replacen(old, new, 1))
}

/// Read a file.
#[tool(read(file = path))]
async fn read(path: PathBuf) -> io::Result<String> {
    sleep(Duration::from_millis(1)).await;
    fs::read_to_string(path)
}

/// Remove a file.
#[tool(write(file = path), inline)]
fn remove(path: PathBuf) -> io::Result<()> {
    fs::remove_file(path)
}

/// A folder with a file `a` in which this text stands.
fn folder(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, text).unwrap();
    (folder, path)
}

/// letta-ai/letta-code#377, lijunzh/koda#437: of several edits of one file some were lost.
#[tokio::test(start_paused = true)]
async fn s09_as_many_edits_of_a_file_as_calls_in_the_models_order() {
    let (_folder, path) = folder("at <0>");
    let response = (0..20).fold(Response::new(), |response, n| {
        let (old, new) = (format!("<{n}>"), format!("<{}>", n + 1));
        response.call("edit", json!({"path": path, "old": old, "new": new}).to_string())
    });
    let response = response.call("read", json!({"path": path}).to_string());
    let outcome = Agent::new(once(response)).tools(tools![edit, read]).run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript())[20], "at <20>");
    assert!(!outcome.transcript().results().any(ToolResult::is_error));
}

/// google-gemini/gemini-cli#10287, earendil-works/pi#2692: a read raced with a write.
#[tokio::test(start_paused = true)]
async fn s10_a_read_sees_the_write_before_it_and_not_the_one_after_it() {
    let (_folder, path) = folder("old");
    let this = json!({"path": path}).to_string();
    let response = Response::new()
        .call("edit", json!({"path": path, "old": "old", "new": "new"}).to_string())
        .call("read", this.clone())
        .call("remove", this.clone())
        .call("read", this);
    let tools = tools![edit, read, remove];
    let outcome = Agent::new(once(response)).tools(tools).run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript())[..3], ["done", "new", "done"]);
    assert_eq!(statuses(outcome.transcript()), [Completed, Completed, Completed, Failed]);
}

/// The folder that each shell is in.
#[derive(Default)]
struct Shells(Mutex<HashMap<String, String>>);

impl Shells {
    /// Goes to a folder, and tells where it was before.
    fn go(&self, shell: &str, folder: &str) -> String {
        let before = self.0.lock().unwrap().insert(shell.to_owned(), folder.to_owned());
        before.unwrap_or_else(|| "/".to_owned())
    }
}

/// Tell where a shell is, after it went elsewhere for as long as the command runs.
#[tool(write(shell = shell))]
async fn shell(shells: &Shells, shell: &str, folder: Option<String>) -> String {
    let before = folder.map(|folder| shells.go(shell, &folder));
    sleep(Duration::from_millis(10)).await;
    let here = shells.0.lock().unwrap().get(shell).cloned().unwrap_or_else(|| "/".to_owned());
    before.map(|before| shells.go(shell, &before));
    here
}

/// anthropics/claude-code#43497: two calls used one shell, and the folder of one leaked into the other.
#[tokio::test(start_paused = true)]
async fn s11_a_shell_that_is_shared_is_a_resource_with_a_key() {
    let response = Response::new()
        .call("shell", r#"{"shell":"one","folder":"/tmp"}"#)
        .call("shell", r#"{"shell":"one"}"#)
        .call("shell", r#"{"shell":"two"}"#);
    let tools = tools![shell].with_state(Shells::default());
    let outcome = Agent::new(once(response)).tools(tools).run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["/tmp", "/", "/"]);
    assert_eq!(spans(&outcome), [(0, 10), (10, 20), (0, 10)]);
}

/// SamSaffron/term-llm#312: `parallel = false` was ignored by the executor.
#[tokio::test(start_paused = true)]
async fn s12_a_forbidden_parallel_holds_on_both_sides() {
    let model = ScriptedModel::new()
        .turn(|request| {
            assert_eq!(request.parallel_tool_calls(), ParallelToolCalls::Never);
            plan("think 10, think 10, think 10")
        })
        .turn(|_| Response::new());
    let agent = Agent::new(model).tools(toolset()).parallel_tool_calls(ParallelToolCalls::Never);
    assert_eq!(spans(&agent.run("go").await.unwrap()), [(0, 10), (10, 20), (20, 30)]);
}

/// can1357/oh-my-pi#11179, vercel/ai#16567: other orders of ends made other histories.
#[tokio::test(start_paused = true)]
async fn s22_the_history_has_the_same_bytes_whatever_the_order_of_ends() {
    static DELAYS: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];
    /// Take as long as it is told elsewhere.
    #[tool(read)]
    async fn vary(n: usize) -> usize {
        sleep(Duration::from_millis(DELAYS[n].load(Ordering::Relaxed) as u64)).await;
        n
    }
    let response = (0..3).fold(Response::new(), |r, n| r.call("vary", format!(r#"{{"n":{n}}}"#)));
    let agent = Agent::new(once(response)).tools(tools![vary]);
    let mut histories = HashSet::new();
    for delays in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 0, 0], [5, 1, 5]] {
        DELAYS.iter().zip(delays).for_each(|(delay, ms)| delay.store(ms, Ordering::Relaxed));
        histories.insert(saved(agent.run("go").await.unwrap().transcript()));
    }
    assert_eq!(histories.len(), 1);
}

/// allenhutchison/obsidian-gemini#1499: reads ran first, and results followed the order of running.
#[tokio::test(start_paused = true)]
async fn s23_results_follow_the_calls_although_a_later_one_ran_first() {
    let outcome = run("save 30, save 20, think 1").await;
    assert_eq!(spans(&outcome)[2], (0, 1));
    assert_eq!(texts(outcome.transcript()), ["30", "20", "1"]);
}

#[derive(Default)]
struct Basket(Vec<String>);

/// Put something into the basket.
#[tool]
async fn put(basket: &mut Basket, what: String, ms: u64) -> String {
    let mut before = basket.0.clone();
    sleep(Duration::from_millis(ms)).await;
    before.push(what);
    basket.0 = before;
    basket.0.join("+")
}

/// langchain-ai/langgraph#7129: of two updates of shared state one was dropped.
#[tokio::test(start_paused = true)]
async fn s31_updates_of_shared_state_come_in_call_order_and_none_is_lost() {
    let response = Response::new()
        .call("put", r#"{"what":"tea","ms":30}"#)
        .call("put", r#"{"what":"milk","ms":10}"#)
        .call("put", r#"{"what":"ice","ms":0}"#);
    let tools = tools![put].with_state(Lock::new(Basket::default()));
    let outcome = Agent::new(once(response)).tools(tools).run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["tea", "tea+milk", "tea+milk+ice"]);
}

/// Read the orders.
#[tool(read("orders"))]
async fn orders(ms: u64) -> u64 {
    look(ms).await
}

/// Place an order.
#[tool(write("orders"))]
async fn order(ms: u64) -> u64 {
    look(ms).await
}

/// crewAIInc/crewAI#4541: readers that kept coming starved a writer.
#[tokio::test(start_paused = true)]
async fn a_writer_has_its_turn_among_readers_of_other_runs_that_keep_coming() {
    let tools = Toolset::from(tools![order, orders]);
    let began = Instant::now();
    let run = |at: u64, call: &str| {
        let agent = Agent::new(once(plan(call))).tools(tools.clone());
        async move {
            sleep(ms(at)).await;
            agent.run("go").await.unwrap();
            began.elapsed()
        }
    };
    // There is no time without one that reads.
    let arrivals = || (0..20).map(|n| n * 50);
    let readers = join_all(arrivals().map(|at| run(at, "orders 100")));
    let (readers, writer) = tokio::join!(readers, run(120, "order 10"));
    // It waits for those alone that came before it, and holds back those alone that came after it.
    assert_eq!(writer, ms(210));
    let expected = arrivals().map(|at| ms(if (121..210).contains(&at) { 310 } else { at + 100 }));
    assert_eq!(readers, expected.collect::<Vec<_>>());
}
