//! Bursts of calls on a runtime with several threads: each read has to see exactly the writes
//! before it.

use agent_core::{Agent, Lock, Response, ScriptedModel, tool, tools};
use serde_json::json;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::runtime::Builder;
use tokio::task::yield_now;

use super::seeds::share;
use agent_tests::support::once;

/// A call, and for a read what it sees: so many more with each burst, from so many on.
type Step = (&'static str, Option<&'static str>, Option<[u64; 2]>);

/// A response with these calls; their one argument is called `key`.
fn burst(steps: &[Step]) -> ScriptedModel {
    once(steps.iter().fold(Response::new(), |response, (name, key, _)| match key {
        Some(key) => response.call(*name, json!({ "key": key }).to_string()),
        None => response.call(*name, "{}"),
    }))
}

/// Runs a fourth of the bursts one after the other, and counts the results that are not as one by one.
fn no_violations(what: &str, agent: &Agent, steps: &[Step]) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let bursts = share(25);
    let violations = runtime.block_on(async {
        let mut violations = 0;
        for burst in 0..bursts {
            let outcome = agent.run("go").await.unwrap();
            let results: Vec<_> = outcome.transcript().results().collect();
            assert_eq!(results.len(), steps.len());
            for (result, (_, _, sees)) in results.iter().zip(steps) {
                let expected = match sees {
                    Some([each, from]) => (burst * each + from).to_string(),
                    None => "done".to_owned(),
                };
                violations += u64::from(result.text() != expected);
            }
        }
        violations
    });
    writeln!(stderr(), "bursts on {what}: {bursts}, order violations: {violations}").unwrap();
    assert_eq!(violations, 0);
}

/// Counts, and nothing but the order of the calls protects them from lost updates.
async fn lose_or_add(count: &AtomicU64) {
    let old = count.load(Relaxed);
    yield_now().await;
    count.store(old + 1, Relaxed);
}

#[derive(Default)]
struct Cell(u64);

/// Add to the cell.
#[tool(inline)]
fn add(cell: &mut Cell) {
    cell.0 += 1;
}

/// See the cell.
#[tool(read, inline)]
fn see(cell: &Cell) -> u64 {
    cell.0
}

#[test]
fn on_many_threads_no_burst_of_calls_on_one_state_runs_out_of_order() {
    let tools = tools![add, see].with_state(Lock::new(Cell::default()));
    let (add, see) = (("add", None, None), |after| ("see", None, Some([3, after])));
    let steps = [add, see(1), see(1), add, see(2), add, see(3)];
    no_violations("one state", &Agent::new(burst(&steps)).tools(tools), &steps);
}

#[derive(Default)]
struct Outside(AtomicU64);

/// Add outside.
#[tool(write)]
async fn add_outside(outside: &Outside) {
    lose_or_add(&outside.0).await;
}

/// See what is outside.
#[tool(read, inline)]
fn see_outside(outside: &Outside) -> u64 {
    outside.0.load(Relaxed)
}

#[test]
fn on_many_threads_no_burst_of_writes_and_reads_runs_out_of_order() {
    let (add, see) = (("add_outside", None, None), |after| ("see_outside", None, Some([2, after])));
    let steps = [add, see(1), see(1), add, see(2)];
    let tools = tools![add_outside, see_outside].with_state(Outside::default());
    no_violations("the world", &Agent::new(burst(&steps)).tools(tools), &steps);
}

#[derive(Default)]
struct Shelf([AtomicU64; 3]);

impl Shelf {
    fn item(&self, key: &str) -> &AtomicU64 {
        &self.0[["a", "b", "c"].iter().position(|item| *item == key).unwrap()]
    }
}

/// Add to an item.
#[tool(write(item = key))]
async fn put(shelf: &Shelf, key: &str) {
    lose_or_add(shelf.item(key)).await;
}

/// Count an item.
#[tool(read(item = key), inline)]
fn get(shelf: &Shelf, key: &str) -> u64 {
    shelf.item(key).load(Relaxed)
}

#[test]
fn on_many_threads_no_burst_of_keyed_writes_and_reads_runs_out_of_order() {
    let tools = tools![get, put].with_state(Shelf::default());
    let put = |key| ("put", Some(key), None);
    let get = |key, each, after| ("get", Some(key), Some([each, after]));
    let steps = [
        put("a"),
        get("a", 3, 1),
        put("b"),
        put("a"),
        get("b", 2, 1),
        get("a", 3, 2),
        put("c"),
        put("a"),
        put("b"),
        get("c", 1, 1),
        get("b", 2, 2),
        get("a", 3, 3),
    ];
    no_violations("keys", &Agent::new(burst(&steps)).tools(tools), &steps);
}

const FILES: [&str; 3] = ["d/x", "d/y", "e"];

#[derive(Default)]
struct Tree([AtomicU64; 3]);

impl Tree {
    /// The files in a folder, or the one with this path.
    fn within(&self, path: &Path) -> impl Iterator<Item = &AtomicU64> {
        let files = FILES.iter().zip(&self.0);
        files.filter(move |(file, _)| Path::new(file).starts_with(path)).map(|(_, lines)| lines)
    }
}

/// Add a line to a file, or to each of a folder.
#[tool(write(file = key))]
async fn append(tree: &Tree, key: PathBuf) {
    for lines in tree.within(&key) {
        lose_or_add(lines).await;
    }
}

/// Count the lines of a file, or of all in a folder.
#[tool(read(file = key), inline)]
fn lines(tree: &Tree, key: PathBuf) -> u64 {
    tree.within(&key).map(|lines| lines.load(Relaxed)).sum()
}

#[test]
fn on_many_threads_no_burst_on_paths_and_what_lies_in_them_runs_out_of_order() {
    let tools = tools![append, lines].with_state(Tree::default());
    let append = |path| ("append", Some(path), None);
    let lines = |path, each, after| ("lines", Some(path), Some([each, after]));
    let steps = [
        append("d/x"),
        lines("d", 4, 1),
        append("e"),
        append("d"),
        lines("d/y", 2, 1),
        lines("d", 4, 3),
        append("d/y"),
        lines("d/./x", 2, 2),
        lines("e", 1, 1),
        lines("d/y", 2, 2),
        lines("d", 4, 4),
    ];
    no_violations("paths", &Agent::new(burst(&steps)).tools(tools), &steps);
}
