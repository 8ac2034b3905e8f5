//! Runs on four runtimes at once that share one toolset and are dropped, cancelled and out of time at random
//! moments: calls that conflict never overlap, no update is lost, and nothing is held in the end.
//!
//! `AGENT_STRESS` asks for more runs, and `AGENT_SEED` repeats the runs of a failure as far as threads do.

use agent_core::CallStatus::TimedOut;
use agent_core::{
    Agent, Limits, Response, RunError, ScriptedModel, ToolResult, Toolset, Transcript, tool, tools,
};
use agent_tests::support::dice::Dice;
use agent_tests::support::{ms, saved, statuses};
use allocation_counter::measure;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{sleep, timeout};

const ITEMS: [&str; 8] = ["a", "a/x", "a/x/y", "a/z", "b", "b/x", "c", "d"];

/// How many runs each runtime drives at the same time.
const BESIDE: usize = 8;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[derive(Default)]
struct Item {
    readers: AtomicI32,
    writers: AtomicI32,
    value: AtomicU64,
}

/// What all runs share. It orders nothing, and sees where the order is broken.
#[derive(Default)]
struct World {
    items: [Item; ITEMS.len()],
    written: AtomicU64,
    overlaps: Mutex<Vec<String>>,
    inner: Mutex<BTreeMap<String, Agent>>,
    calls: AtomicUsize,
}

/// The items that lie in a path. A call of a path above visits them all, so that two calls meet at an item
/// where one path is the beginning of the other.
fn below(path: &Path) -> impl Iterator<Item = usize> {
    (0..ITEMS.len()).filter(move |at| Path::new(ITEMS[*at]).starts_with(path))
}

/// A body at work: it leaves when it ends and when it is dropped.
struct Visit<'a> {
    world: &'a World,
    items: Vec<usize>,
    writes: bool,
}

impl World {
    fn enter(&self, name: &str, paths: &[PathBuf], writes: bool) -> Visit<'_> {
        self.calls.fetch_add(1, SeqCst);
        let mut items: Vec<_> = paths.iter().flat_map(|path| below(path)).collect();
        items.sort_unstable();
        items.dedup();
        for at in &items {
            let item = &self.items[*at];
            let beside = if writes {
                item.writers.fetch_add(1, SeqCst) + item.readers.load(SeqCst)
            } else {
                item.readers.fetch_add(1, SeqCst);
                item.writers.load(SeqCst)
            };
            if beside != 0 {
                self.overlaps.lock().unwrap().push(format!("{name} {paths:?} on {}", ITEMS[*at]));
            }
        }
        Visit { world: self, items, writes }
    }
}

impl Visit<'_> {
    /// The values that a write is about to change.
    fn values(&self) -> Vec<u64> {
        self.items.iter().map(|at| self.world.items[*at].value.load(SeqCst)).collect()
    }

    /// A write between the two is lost by it.
    fn write(self, before: &[u64]) {
        for (at, value) in self.items.iter().zip(before) {
            self.world.items[*at].value.store(value + 1, SeqCst);
            self.world.written.fetch_add(1, SeqCst);
        }
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        for at in &self.items {
            let item = &self.world.items[*at];
            let kind = if self.writes { &item.writers } else { &item.readers };
            kind.fetch_sub(1, SeqCst);
        }
    }
}

async fn pause(turns: u32) {
    for _ in 0..turns % 8 {
        yield_now().await;
    }
    if turns >= 8 {
        sleep(ms(u64::from(turns - 8))).await;
    }
}

/// Read items.
#[tool(read(item = paths))]
async fn read(world: &World, paths: Vec<PathBuf>, turns: u32) -> u64 {
    let visit = world.enter("read", &paths, false);
    pause(turns).await;
    visit.values().iter().sum()
}

/// Write items.
#[tool(write(item = paths))]
async fn write(world: &World, paths: Vec<PathBuf>, turns: u32) {
    let visit = world.enter("write", &paths, true);
    let before = visit.values();
    pause(turns).await;
    visit.write(&before);
}

/// Write all items.
#[tool(write("item"))]
async fn write_whole(world: &World, turns: u32) {
    let visit = world.enter("write_whole", &[PathBuf::new()], true);
    let before = visit.values();
    pause(turns).await;
    visit.write(&before);
}

/// Write everything.
#[tool(write)]
async fn write_all(world: &World, turns: u32) {
    let visit = world.enter("write_all", &[PathBuf::new()], true);
    let before = visit.values();
    pause(turns).await;
    visit.write(&before);
}

/// Write items on a thread that outlives the call.
#[tool(write(item = paths), timeout = "1ms")]
fn write_on_a_thread(world: &World, paths: Vec<PathBuf>, turns: u32) {
    let visit = world.enter("write_on_a_thread", &paths, true);
    let before = visit.values();
    thread::sleep(ms(u64::from(turns % 4)));
    visit.write(&before);
}

/// Write with one slot for all calls of all runs.
#[tool(write(item = paths), max_concurrent = 1)]
async fn write_in_line(world: &World, paths: Vec<PathBuf>, turns: u32) {
    let visit = world.enter("write_in_line", &paths, true);
    let before = visit.values();
    pause(turns).await;
    visit.write(&before);
}

/// Run an agent that writes these items.
#[tool(write(item = paths), timeout = "10s")]
async fn delegate(world: &World, paths: Vec<PathBuf>, plan: String) -> Result<usize, RunError> {
    let agent = world.inner.lock().unwrap().remove(&plan);
    _ = paths;
    let outcome = agent.expect("the plan is there").run("inner").await?;
    Ok(outcome.transcript().results().count())
}

fn toolset(world: &Arc<World>) -> Toolset {
    tools![delegate, read, write, write_all, write_in_line, write_on_a_thread, write_whole]
        .with_state_arc(world.clone())
}

fn paths(dice: &mut Dice) -> Vec<&'static str> {
    (0..=dice.roll(3)).map(|_| dice.pick(&ITEMS)).collect()
}

fn turns(dice: &mut Dice) -> u64 {
    if dice.roll(6) == 0 { 8 + dice.roll(2) as u64 } else { dice.roll(8) as u64 }
}

/// What may be in a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mix {
    /// Bodies end with their calls.
    Polled,
    /// Some outlive their calls on threads.
    Threads,
    /// Some do so within other calls, and wait there for slots.
    All,
}

/// Calls within a call touch no more than it does.
fn inner_call(dice: &mut Dice, within: &[&str], mix: Mix, response: Response) -> Response {
    let path = dice.pick(within);
    let arguments = json!({"paths": [path], "turns": turns(dice)}).to_string();
    let name = match dice.roll(4) {
        0 => "read",
        1 if mix == Mix::All => "write_on_a_thread",
        // It waits for a slot while its parent holds one of its agent.
        2 if mix == Mix::All => "write_in_line",
        _ => "write",
    };
    response.call(name, arguments)
}

fn then_done(response: Response) -> ScriptedModel {
    ScriptedModel::new().turn(move |_| response.clone()).turn(|_| Response::new().with_text("done"))
}

struct Stage {
    world: Arc<World>,
    tools: Toolset,
    mix: Mix,
}

impl Stage {
    fn new(mix: Mix) -> Self {
        let world = Arc::<World>::default();
        Self { tools: toolset(&world), world, mix }
    }

    fn response(&self, dice: &mut Dice, run: u64) -> Response {
        (0..=dice.roll(5)).fold(Response::new(), |response, n| {
            let paths = paths(dice);
            let with_paths = json!({"paths": paths, "turns": turns(dice)}).to_string();
            match dice.roll(12) {
                0..4 => response.call("read", with_paths),
                4..7 => response.call("write", with_paths),
                7 => response.call("write_in_line", with_paths),
                8 => response.call("write_whole", json!({"turns": turns(dice)}).to_string()),
                9 => response.call("write_all", json!({"turns": turns(dice)}).to_string()),
                10 if self.mix != Mix::Polled => response.call("write_on_a_thread", with_paths),
                _ => {
                    let plan = format!("{run}.{n}");
                    let inner = (0..=dice.roll(3)).fold(Response::new(), |inner, _| {
                        inner_call(dice, &paths, self.mix, inner)
                    });
                    let agent = Agent::new(then_done(inner)).tools(self.tools.clone());
                    self.world.inner.lock().unwrap().insert(plan.clone(), agent);
                    response.call("delegate", json!({"paths": paths, "plan": plan}).to_string())
                }
            }
        })
    }

    /// One run, which is stopped in one of the ways in which a run is stopped, or not at all.
    async fn run(&self, seed: u64) {
        let mut dice = Dice::new(seed);
        let response = self.response(&mut dice, seed);
        let agent = Agent::new(then_done(response))
            .tools(self.tools.clone())
            .concurrency(1 + dice.roll(4))
            .limits(Limits::default().with_grace(ms(1)));
        // After some turns of the runtime, or some milliseconds.
        let stop = dice.roll(16);
        let later = pause(u32::try_from(stop).unwrap());
        let mut chat = agent.conversation(Transcript::default());
        match dice.roll(6) {
            0 => {
                let run = chat.send("go");
                tokio::select! {
                    biased;
                    () = later => {}
                    _ = run => {}
                }
            }
            1 => drop(chat.send("go").cancel_on(later).await.unwrap()),
            2 => drop(chat.send("go").deadline(ms(dice.roll(8) as u64)).await.unwrap()),
            _ => drop(chat.send("go").await.unwrap()),
        }
        let transcript = chat.into_transcript();
        saved(&transcript);
        let calls: usize = transcript.responses().map(|response| response.calls().count()).sum();
        assert_eq!(statuses(&transcript).len(), calls, "seed {seed}");
        let stalled =
            |result: &&ToolResult| result.name() == "delegate" && result.status() == TimedOut;
        assert_eq!(transcript.results().filter(stalled).count(), 0, "seed {seed}: a call stalled");
        self.world.inner.lock().unwrap().retain(|plan, _| !plan.starts_with(&format!("{seed}.")));
    }

    /// Drives a share of the runs, some at the same time.
    async fn share(self: Arc<Self>, seeds: Vec<u64>) {
        let (mut running, mut seeds) = (JoinSet::new(), seeds.into_iter());
        loop {
            while running.len() < BESIDE
                && let Some(seed) = seeds.next()
            {
                let stage = self.clone();
                running.spawn(async move { stage.run(seed).await });
            }
            let ended = timeout(Duration::from_secs(120), running.join_next()).await;
            match ended.expect("no run hangs") {
                Some(ended) => ended.unwrap(),
                None => return,
            }
        }
    }

    /// A write of everything is admitted, so the ledger holds nothing.
    async fn assert_free(&self) {
        let call = self.tools.call("write_all", r#"{"turns":0}"#);
        let result = timeout(Duration::from_secs(20), call).await.expect("the ledger is empty");
        assert_eq!(result.text(), "done");
        let in_line = r#"{"paths":["a"],"turns":0}"#;
        let call = self.tools.call("write_in_line", in_line);
        let result = timeout(Duration::from_secs(20), call).await.expect("the slot is free");
        assert_eq!(result.text(), "done");
    }
}

fn four() -> [Runtime; 4] {
    let one = || Builder::new_current_thread().enable_all().build().unwrap();
    let two = || Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    [one(), two(), one(), two()]
}

fn stress(mix: Mix) {
    let (runs, first) = (setting("AGENT_STRESS", 4_000), setting("AGENT_SEED", 1));
    let stage = Arc::new(Stage::new(mix));
    let threads: Vec<_> = (0..4)
        .zip(four())
        .map(|(at, runtime)| {
            let stage = stage.clone();
            let seeds: Vec<_> =
                (0..runs).filter(|run| run % 4 == at).map(|run| first + run).collect();
            thread::spawn(move || {
                runtime.block_on(async {
                    // On a worker, where the runtime has some.
                    Handle::current().spawn(stage.share(seeds)).await.unwrap();
                });
                runtime
            })
        })
        .collect();
    let runtimes: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    for runtime in &runtimes {
        runtime.block_on(stage.assert_free());
    }
    let overlaps = stage.world.overlaps.lock().unwrap();
    assert!(overlaps.is_empty(), "{} overlaps, first {:?}", overlaps.len(), overlaps.first());
    for item in &stage.world.items {
        assert_eq!((item.readers.load(SeqCst), item.writers.load(SeqCst)), (0, 0), "all have left");
    }
    let values: u64 = stage.world.items.iter().map(|item| item.value.load(SeqCst)).sum();
    assert_eq!(values, stage.world.written.load(SeqCst), "no update was lost");
    let calls = stage.world.calls.load(SeqCst);
    _ = writeln!(std::io::stderr(), "stress, {mix:?}: {runs} runs, {calls} bodies, 0 overlaps");
}

/// Issue 11: "40,000 runs with random drops, cancels, deadlines, nested calls, lists and wholes on four
/// runtimes at once: 0 overlaps of conflicting calls, ledger empty at the end".
#[test]
fn conflicting_calls_of_runs_on_four_runtimes_never_overlap() {
    stress(Mix::Polled);
}

/// The same with bodies on threads, which outlive their timeouts.
#[test]
fn nor_do_they_with_bodies_that_outlive_their_calls() {
    stress(Mix::Threads);
}

/// The same with such bodies within other calls, and with slots that are waited for there.
#[test]
fn nor_do_they_where_nested_bodies_outlive_their_parents() {
    stress(Mix::All);
}

/// Bytes that so many runs leave behind on a runtime that is driven by the thread which counts.
fn held_by(stage: &Stage, runtime: &Runtime, seeds: std::ops::Range<u64>) -> i64 {
    let info = measure(|| {
        runtime.block_on(async {
            for seed in seeds {
                stage.run(seed).await;
            }
            // What was aborted is dropped when the runtime has its turn.
            sleep(ms(5)).await;
            stage.assert_free().await;
        });
    });
    info.bytes_current
}

/// Issue 11: "0 bytes held for each run, key, cancelled call".
#[test]
fn runs_that_are_stopped_at_random_leave_no_bytes() {
    let (runtime, stage) =
        (Builder::new_current_thread().enable_all().build().unwrap(), Stage::new(Mix::Polled));
    let runs = 300;
    held_by(&stage, &runtime, 1..runs);
    let once = held_by(&stage, &runtime, runs..2 * runs);
    let twice = held_by(&stage, &runtime, 2 * runs..4 * runs);
    _ = writeln!(
        std::io::stderr(),
        "stress: {once} bytes held after {runs} runs, {twice} after twice as many"
    );
    assert!(
        once < 4096 && twice < 4096,
        "{once} bytes after {runs} runs, {twice} after twice as many"
    );
}

/// The same for keys that no other call names, and for calls that are cancelled while they wait.
#[test]
fn keys_and_cancelled_calls_leave_no_bytes() {
    let (runtime, stage) =
        (Builder::new_current_thread().enable_all().build().unwrap(), Stage::new(Mix::Polled));
    let cancelled = |keys: std::ops::Range<u64>| {
        let info = measure(|| {
            runtime.block_on(async {
                for key in keys {
                    let paths = |name| {
                        json!({"paths": [format!("{name}{key}/x/{key}")], "turns": 9}).to_string()
                    };
                    let calls = Response::new()
                        .call("write", paths("own"))
                        .call("write", paths("own"))
                        .call("read", paths("own"))
                        .call("write_all", r#"{"turns":9}"#);
                    let agent = Agent::new(then_done(calls)).tools(stage.tools.clone());
                    let agent = agent.limits(Limits::default().with_grace(ms(0)));
                    agent.run("go").cancel_on(yield_now()).await.unwrap();
                }
                sleep(ms(5)).await;
                stage.assert_free().await;
            });
        });
        info.bytes_current
    };
    cancelled(0..200);
    let (once, twice) = (cancelled(200..400), cancelled(400..800));
    assert!(once < 4096 && twice < 4096, "{once} bytes after 200 runs, {twice} after 400");
}
