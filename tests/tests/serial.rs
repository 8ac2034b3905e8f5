//! A batch ends as its calls would, one after another.

#![cfg(test)]

#[path = "support/store.rs"]
mod store;
mod support;

use agent_core::{
    Agent, Lock, Outcome, Response, ScriptedModel, ToolResult, Transcript, tool, tools,
};
use futures::future::join_all;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use store::{Bench, Call, Cells, Dice, Mix, check, paused, respond};
use support::{ms, once, saved};
use tokio::runtime::Builder;
use tokio::time::timeout;

/// How many random batches are run: as many as the environment says, else what takes 20 s.
fn batches() -> u64 {
    let usual = if cfg!(debug_assertions) { 40_000 } else { 100_000 };
    let told = std::env::var("AGENT_BATCHES").ok();
    told.map_or(usual, |told| told.parse().expect("AGENT_BATCHES is a number"))
}

/// Tells of which seed a failure is.
fn with_seed<T>(seed: u64, test: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(test)).unwrap_or_else(|panic| {
        eprintln!("the seed is {seed}");
        resume_unwind(panic)
    })
}

fn check_against_serial(calls: &[Call], outcome: &Outcome, state: &Cells) {
    let mut serial = Cells::default();
    let results: Vec<_> = outcome.transcript().results().collect();
    assert_eq!(results.len(), calls.len());
    for (n, (call, result)) in calls.iter().zip(results).enumerate() {
        assert_eq!(result.call_id(), format!("call_{}", n + 1));
        check(result, *call, &mut serial, false);
    }
    assert_eq!(*state, serial, "{calls:?}");
}

const SLOTS: [Option<usize>; 5] = [None, None, Some(1), Some(2), Some(3)];

/// A random batch; over calls of a third of them somebody decides.
fn batch(dice: &mut Dice) -> Vec<Call> {
    let verdicts = dice.roll(3) == 0;
    dice.batch(0, Mix { verdicts, tool_limits: true, several: false })
}

/// Each fourth runs again, with other durations and another limit on concurrency.
#[test]
fn random_batches_equal_serial_execution_byte_for_byte() {
    let (runtime, bench) = (paused(), Bench::new());
    for seed in 0..batches() {
        let mut dice = Dice::new(seed);
        let calls = batch(&mut dice);
        let mut transcripts = Vec::new();
        with_seed(seed, || {
            for _ in 0..if seed % 4 == 0 { 2 } else { 1 } {
                let (times, slots) = (dice.times(calls.len()), SLOTS[dice.roll(SLOTS.len())]);
                let (outcome, state) = runtime.block_on(bench.run(&calls, &times, slots));
                check_against_serial(&calls, &outcome, &state);
                transcripts.push(serde_json::to_string(outcome.transcript()).unwrap());
            }
            transcripts.dedup();
            assert_eq!(transcripts.len(), 1, "{transcripts:?}");
        });
    }
}

#[test]
fn a_transcript_has_the_same_bytes_in_every_interleaving() {
    let (runtime, bench) = (paused(), Bench::new());
    for seed in 1_000_000..1_000_200 {
        let mut dice = Dice::new(seed);
        let calls = batch(&mut dice);
        let mut first = None;
        with_seed(seed, || {
            for _ in 0..20 {
                let (times, slots) = (dice.times(calls.len()), SLOTS[dice.roll(SLOTS.len())]);
                let (outcome, _) = runtime.block_on(bench.run(&calls, &times, slots));
                let bytes = saved(outcome.transcript());
                assert_eq!(*first.get_or_insert_with(|| bytes.clone()), bytes);
            }
        });
    }
}

/// The batches of a conversation, each after a time of thinking.
type Talk = Vec<(u64, Vec<Call>)>;

/// Runs conversations beside each other on one ledger. The results of each, and the batches in the
/// order in which they came to the ledger: a conversation and a turn.
async fn talk(
    bench: &Bench,
    talks: &[Talk],
    slots: Option<usize>,
) -> (Vec<Vec<ToolResult>>, Vec<(usize, usize)>) {
    let order = Arc::new(Mutex::new(Vec::new()));
    let agents = talks.iter().enumerate().map(|(run, turns)| {
        let mut model = ScriptedModel::new();
        for (turn, (latency, calls)) in turns.iter().enumerate() {
            let (order, response) = (order.clone(), respond(calls));
            model = model.latency(ms(*latency)).turn(move |_| {
                order.lock().unwrap().push((run, turn));
                response.clone()
            });
        }
        let model = model.turn(|_| Response::new().text("done"));
        let tools = if run == 1 { bench.joined_tools() } else { bench.tools() };
        let calls = turns.iter().flat_map(|(_, calls)| calls).copied();
        let agent = bench.decide(Agent::new(model).tools(tools.clone()), calls);
        if let Some(slots) = slots { agent.concurrency(slots) } else { agent }
    });
    let runs = agents.map(|agent| async move {
        let mut chat = agent.conversation(Transcript::default());
        chat.send("go").await.unwrap();
        chat.transcript().results().cloned().collect::<Vec<_>>()
    });
    let runs = timeout(ms(100_000), join_all(runs)).await.expect("all of them end");
    let order = order.lock().unwrap().clone();
    (runs, order)
}

fn talks(dice: &mut Dice, verdicts: bool) -> Vec<Talk> {
    let (mut n, runs) = (0, 2 + dice.roll(2));
    let mut talk = |dice: &mut Dice| {
        let turns = 1 + dice.roll(2);
        let turns = (0..turns).map(|_| {
            let calls = dice.batch(n, Mix { verdicts, tool_limits: true, several: true });
            n += calls.len();
            ([0, 0, 1, 4, 9][dice.roll(5)], calls)
        });
        turns.collect()
    };
    (0..runs).map(|_| talk(dice)).collect()
}

/// Compares with all calls run in this order: a conversation, and the position of its call.
fn check_in_order(
    talks: &[Talk],
    results: &[Vec<ToolResult>],
    order: &[(usize, usize)],
    state: &Cells,
) {
    let calls: Vec<Vec<_>> =
        talks.iter().map(|turns| turns.iter().flat_map(|(_, calls)| calls).collect()).collect();
    let mut serial = Cells::default();
    for &(run, at) in order {
        check(&results[run][at], *calls[run][at], &mut serial, true);
    }
    assert_eq!(*state, serial, "{talks:?}");
}

#[test]
fn conversations_beside_each_other_equal_their_batches_in_the_order_in_which_they_came() {
    let (runtime, bench) = (paused(), Bench::new());
    for seed in 5_000_000..5_000_000 + batches() / 20 {
        let mut dice = Dice::new(seed);
        let talks = talks(&mut dice, false);
        let times = dice.times(60);
        let slots = SLOTS[dice.roll(SLOTS.len())];
        with_seed(seed, || {
            runtime.block_on(async {
                bench.empty(&times).await;
                let (results, batches) = talk(&bench, &talks, slots).await;
                let mut order = Vec::new();
                for (run, turn) in batches {
                    let before = talks[run][..turn].iter().map(|(_, calls)| calls.len()).sum();
                    let calls = talks[run][turn].1.len();
                    order.extend((before..before + calls).map(|at| (run, at)));
                }
                assert_eq!(order.len(), results.iter().map(Vec::len).sum::<usize>());
                check_in_order(&talks, &results, &order, &bench.cells().await);
            });
        });
    }
}

/// A call that somebody decides over comes to the ledger only then. So they are compared with the
/// order in which the bodies began, and that with the model's.
#[test]
fn conversations_that_wait_for_decisions_equal_their_calls_in_the_order_in_which_they_began() {
    let (runtime, bench) = (paused(), Bench::new());
    for seed in 6_000_000..6_000_000 + batches() / 20 {
        let mut dice = Dice::new(seed);
        let talks = talks(&mut dice, true);
        let times = dice.times(60);
        let slots = SLOTS[dice.roll(SLOTS.len())];
        with_seed(seed, || {
            runtime.block_on(async {
                bench.empty(&times).await;
                let (results, _) = talk(&bench, &talks, slots).await;
                let began = bench.began();
                let mut order = Vec::new();
                for (run, turns) in talks.iter().enumerate() {
                    let calls = turns.iter().flat_map(|(_, calls)| calls).enumerate();
                    order.extend(calls.map(|(at, call)| (began_at(&began, *call), run, at)));
                    for (_, calls) in turns {
                        check_model_order(&began, calls);
                    }
                }
                // Those that never began come first: they do nothing.
                order.sort_unstable();
                let order: Vec<_> = order.into_iter().map(|(_, run, at)| (run, at)).collect();
                check_in_order(&talks, &results, &order, &bench.cells().await);
            });
        });
    }
}

fn began_at(began: &[usize], call: Call) -> Option<usize> {
    let Call::Good(_, op) = call else { return None };
    began.iter().position(|n| *n == op.n)
}

/// Those that conflict began in the order of their batch, and those that are denied not at all.
fn check_model_order(began: &[usize], calls: &[Call]) {
    for (n, call) in calls.iter().enumerate() {
        let Some(at) = began_at(began, *call) else { continue };
        assert!(!call.is_denied(), "{call:?}");
        let before = calls[..n].iter().filter(|earlier| earlier.conflicts_with(*call));
        for earlier in before.filter(|earlier| !earlier.is_denied()) {
            let before = began_at(began, *earlier);
            assert!(before.is_some_and(|before| before < at), "{earlier:?} and then {call:?}");
        }
    }
}

#[derive(Default)]
struct Cell(u64);

/// Nothing but the order of the calls protects it from lost updates.
static OUTSIDE: AtomicU64 = AtomicU64::new(0);

/// Add to the cell.
#[tool]
fn add(cell: &mut Cell) {
    cell.0 += 1;
}

/// See the cell.
#[tool(read)]
fn see(cell: &Cell) -> u64 {
    cell.0
}

/// Add outside.
#[tool(write)]
async fn add_outside() {
    let old = OUTSIDE.load(Ordering::Relaxed);
    tokio::task::yield_now().await;
    OUTSIDE.store(old + 1, Ordering::Relaxed);
}

/// See what is outside.
#[tool]
fn see_outside() -> u64 {
    OUTSIDE.load(Ordering::Relaxed)
}

fn burst(names: &[&str]) -> ScriptedModel {
    once(names.iter().fold(Response::new(), |response, name| response.call(*name, "{}")))
}

fn count_violations(agent: &Agent, bursts: u64, adds: u64, expected: &[Option<u64>]) -> u64 {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        let mut violations = 0;
        for burst in 0..bursts {
            let outcome = agent.run("go").await.unwrap();
            for (result, seen) in outcome.transcript().results().zip(expected) {
                let expected = seen.map_or("done".to_owned(), |n| (burst * adds + n).to_string());
                violations += u64::from(result.text() != expected);
            }
        }
        violations
    })
}

const BURSTS: u64 = if cfg!(debug_assertions) { 20_000 } else { 100_000 };

#[test]
fn on_many_threads_no_burst_of_calls_on_one_state_runs_out_of_order() {
    let agent = Agent::new(burst(&["add", "see", "see", "add", "see", "add", "see"]))
        .tools(tools![add, see].with(Lock::new(Cell::default())));
    let expected = [None, Some(1), Some(1), None, Some(2), None, Some(3)];
    assert_eq!(count_violations(&agent, BURSTS, 3, &expected), 0);
}

#[test]
fn on_many_threads_no_burst_of_writes_and_reads_runs_out_of_order() {
    let agent = Agent::new(burst(&[
        "add_outside",
        "see_outside",
        "see_outside",
        "add_outside",
        "see_outside",
    ]))
    .tools(tools![add_outside, see_outside]);
    let expected = [None, Some(1), Some(1), None, Some(2)];
    assert_eq!(count_violations(&agent, BURSTS, 2, &expected), 0);
}

#[test]
fn on_many_threads_random_batches_equal_serial_execution_too() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let (bench, mut ran) = (Bench::new(), 0);
    for seed in 4_000_000..4_008_000 {
        let mut dice = Dice::new(seed);
        let calls = batch(&mut dice);
        // On a real clock there is no time for those.
        if calls.iter().any(|call| call.takes(&vec![[0; 3]; 11]) > 0) {
            continue;
        }
        ran += 1;
        let slots = [None, Some(2)][dice.roll(2)];
        with_seed(seed, || {
            let times = vec![[0; 3]; calls.len()];
            let (outcome, state) = runtime.block_on(bench.run(&calls, &times, slots));
            check_against_serial(&calls, &outcome, &state);
        });
    }
    assert!(ran > 4_000, "{ran}");
}
