//! Keys in odd numbers and of odd shapes, and keys that run other code.

use agent_core::{Agent, Key, Keys, Response, Toolset, tool, tools};
use agent_tests::support::{ms, once, spans, texts};
use allocation_counter::measure;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{LazyLock, OnceLock};
use std::task::{Context, Waker};
use tokio::runtime::Builder;
use tokio::time::sleep;

/// Write files.
#[tool(write(file = paths))]
async fn write_all(paths: Vec<PathBuf>) -> usize {
    paths.len()
}

/// Set values.
#[tool(write(value = names))]
async fn set_all(names: Vec<String>) -> usize {
    names.len()
}

/// Bytes that the toolset holds after a run has made these calls, more than before it.
fn held_after(
    tools: &Toolset,
    rounds: usize,
    arguments: impl Fn(usize) -> (&'static str, String),
) -> i64 {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    // What is made once for the process, and the toolset's first allocations.
    let (name, text) = arguments(0);
    let small = if name == "write_all" { r#"{"paths":["a/b"]}"# } else { r#"{"names":["a"]}"# };
    runtime.block_on(tools.call(name, small));
    drop(text);
    let info = measure(|| {
        for round in 0..rounds {
            let (name, text) = arguments(round);
            runtime.block_on(tools.call(name, text));
        }
    });
    info.bytes_current
}

/// Row 5: "one path of 500,000 components leaves 187 MiB in the toolset".
#[test]
fn a_path_of_very_many_components_leaves_nothing_in_the_toolset() {
    let tools = Toolset::from(tools![write_all]);
    let deep = json!({"paths": ["a/".repeat(500_000)]}).to_string();
    let held = held_after(&tools, 1, |_| ("write_all", deep.clone()));
    assert!(held < 1 << 16, "{} KiB are held", held >> 10);
}

/// Row 5: "memory returns", for many keys in one call and for many calls with keys.
#[test]
fn keys_leave_nothing_in_the_toolset() {
    let tools = Toolset::from(tools![set_all, write_all]);
    let many: Vec<_> = (0..20_000).map(|n| format!("name {n}")).collect();
    let many = json!({ "names": many }).to_string();
    let held = held_after(&tools, 1, |_| ("set_all", many.clone()));
    assert!(held < 1 << 16, "{} KiB are held after many keys", held >> 10);
    let held = held_after(&tools, 5_000, |n| {
        ("write_all", json!({"paths": [format!("d{n}/x")]}).to_string())
    });
    assert!(held < 1 << 16, "{} KiB are held after many calls", held >> 10);
}

/// Row 5: "keys for each call and depth are capped": such a call has one clear result, and its siblings run.
#[tokio::test(start_paused = true)]
async fn a_call_of_too_many_keys_is_answered_and_its_siblings_run() {
    let names: Vec<_> = (0..60_000).map(|n| n.to_string()).collect();
    let calls = Response::new()
        .call("set_all", json!({ "names": names }).to_string())
        .call("set_all", r#"{"names":["1"]}"#)
        .call("write_all", json!({"paths": ["a/".repeat(500_000)]}).to_string())
        .call("write_all", r#"{"paths":["a"]}"#);
    let agent = Agent::new(once(calls)).tools(tools![set_all, write_all]);
    let outcome = agent.run("go").await.unwrap();
    let texts = texts(outcome.transcript());
    assert_eq!((texts[1], texts[3]), ("1", "1"));
    for at in [0, 2] {
        assert!(outcome.transcript().results().nth(at).unwrap().is_error(), "{}", texts[at]);
        assert!(texts[at].len() < 1000, "it is short");
    }
}

static OTHER: LazyLock<Toolset> = LazyLock::new(|| tools![set_all].into());

/// A key whose text is found by a call of another tool: a mistake, but not one that may cost an update.
#[derive(Debug, Deserialize, JsonSchema)]
struct Meddling(String);

impl Key for Meddling {
    const PATH: bool = false;

    fn put(&self, keys: &mut Keys<'_>) {
        let mut call = pin!(OTHER.call("set_all", r#"{"names":["x"]}"#));
        _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        keys.value(&self.0);
    }
}

/// Save for a while.
#[tool(write(first = key, second = other))]
async fn save(key: Meddling, other: String) -> String {
    sleep(ms(10)).await;
    format!("{} {other}", key.0)
}

/// Row 12: "a key expression that polls another call resets the claim point".
#[tokio::test(start_paused = true)]
async fn a_key_that_polls_another_call_loses_no_claim() {
    let save = |key: &str, other: &str| json!({"key": key, "other": other}).to_string();
    let calls = Response::new()
        .call("save", save("a", "x"))
        .call("save", save("a", "y"))
        .call("save", save("b", "y"))
        .call("save", save("c", "z"));
    let agent = Agent::new(once(calls)).tools(tools![save]);
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["a x", "a y", "b y", "c z"]);
    assert_eq!(spans(&outcome), [(0, 10), (10, 20), (20, 30), (0, 10)]);
}

static SAME: OnceLock<Toolset> = OnceLock::new();

/// A key that polls a call of its own toolset.
#[derive(Debug, Deserialize, JsonSchema)]
struct Looped(String);

impl Key for Looped {
    const PATH: bool = false;

    fn put(&self, keys: &mut Keys<'_>) {
        let tools = SAME.get().unwrap();
        let mut call = pin!(tools.call("set_all", r#"{"names":["x"]}"#));
        _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        keys.value(&self.0);
    }
}

/// Save by such a key.
#[tool(write(value = key))]
async fn save_looped(key: Looped) -> String {
    sleep(ms(10)).await;
    key.0
}

/// Row 12, on the same ledger: no deadlock, and no claim is lost.
#[tokio::test(start_paused = true)]
async fn a_key_that_polls_a_call_of_its_own_toolset_loses_no_claim() {
    let tools = SAME.get_or_init(|| tools![set_all, save_looped].into()).clone();
    let calls = Response::new()
        .call("save_looped", r#"{"key":"a"}"#)
        .call("save_looped", r#"{"key":"a"}"#)
        .call("save_looped", r#"{"key":"b"}"#);
    let outcome = super::soon(Agent::new(once(calls)).tools(tools).run("go")).await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["a", "a", "b"]);
    assert_eq!(spans(&outcome), [(0, 10), (10, 20), (0, 10)]);
}
