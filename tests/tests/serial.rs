//! A batch ends as its calls would, one after another, and takes as long as its longest chain.

#![cfg(test)]

mod support;

use agent_core::{
    Agent, Lock, Outcome, Response, ScriptedModel, State, Status, Toolset, tool, tools,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use support::{ms, once, saved, whole_ms};
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

const CELLS: usize = 3;

/// What lies outside: nothing of it orders the calls that use it.
#[derive(Default)]
struct World(Mutex<[u64; CELLS]>);

impl World {
    fn get(&self, cell: usize) -> u64 {
        self.0.lock().unwrap()[cell]
    }

    fn set(&self, cell: usize, value: u64) {
        self.0.lock().unwrap()[cell] = value;
    }
}

#[derive(Clone, Default, PartialEq, Debug)]
struct Notes(u64);

#[derive(Clone, Default, PartialEq, Debug)]
struct Tally(u64);

/// How long each call rests before and after it has its effect.
type Times = Vec<[u64; 2]>;

#[derive(Default)]
struct Rests(Mutex<Times>);

#[derive(State, Default)]
struct Store {
    world: World,
    #[lend(mut Notes)]
    notes: Lock<Notes>,
    #[lend(mut Tally)]
    tally: Lock<Tally>,
    rests: Rests,
}

/// What a call does, and how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Op {
    /// Which call it is.
    n: usize,
    cell: usize,
    by: u64,
    mood: Mood,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Mood {
    Good,
    FailsEarly,
    FailsLate,
    PanicsEarly,
    PanicsLate,
}

const EARLY: usize = 0;
const LATE: usize = 1;

impl Rests {
    async fn rest(&self, op: Op, when: usize) -> Result<(), String> {
        let rest = self.0.lock().unwrap()[op.n][when];
        if rest > 0 {
            sleep(ms(rest)).await;
        }
        match (op.mood, when) {
            (Mood::FailsEarly, EARLY) | (Mood::FailsLate, LATE) => Err(format!("{} fails", op.n)),
            // Without the message that a panic prints.
            (Mood::PanicsEarly, EARLY) | (Mood::PanicsLate, LATE) => {
                resume_unwind(Box::new(format!("{} panics", op.n)))
            }
            _ => Ok(()),
        }
    }
}

/// No two orders of these end alike.
fn mix(old: u64, by: u64) -> u64 {
    old.wrapping_mul(31).wrapping_add(by)
}

type Done = Result<u64, String>;

/// Read a cell, and later another.
#[tool(read)]
async fn peek(world: &World, rests: &Rests, op: Op) -> Done {
    let one = world.get(op.cell);
    rests.rest(op, EARLY).await?;
    let other = world.get((op.cell + 1) % CELLS);
    rests.rest(op, LATE).await?;
    Ok(mix(one, other))
}

/// The same, without a declaration.
#[tool]
async fn look(world: &World, rests: &Rests, op: Op) -> Done {
    peek(world, rests, op).await
}

/// Read a cell, and later write what follows from it.
#[tool(write)]
async fn poke(world: &World, rests: &Rests, op: Op) -> Done {
    let old = world.get(op.cell);
    rests.rest(op, EARLY).await?;
    world.set(op.cell, mix(old, op.by));
    rests.rest(op, LATE).await?;
    Ok(old)
}

/// Change the notes by what a cell holds.
#[tool]
async fn note(notes: &mut Notes, world: &World, rests: &Rests, op: Op) -> Done {
    let seen = world.get(op.cell);
    rests.rest(op, EARLY).await?;
    notes.0 = mix(notes.0, op.by ^ seen);
    rests.rest(op, LATE).await?;
    Ok(notes.0)
}

/// Read the notes twice.
#[tool(read)]
async fn notes(notes: &Notes, rests: &Rests, op: Op) -> Done {
    let one = notes.0;
    rests.rest(op, EARLY).await?;
    rests.rest(op, LATE).await?;
    Ok(mix(one, notes.0))
}

/// Change the tally by the notes.
#[tool]
async fn count(tally: &mut Tally, notes: &Notes, rests: &Rests, op: Op) -> Done {
    let seen = notes.0;
    rests.rest(op, EARLY).await?;
    tally.0 = mix(tally.0, op.by ^ seen);
    rests.rest(op, LATE).await?;
    Ok(tally.0)
}

/// Write a cell from all there is.
#[tool(write)]
async fn merge(notes: &mut Notes, tally: &mut Tally, world: &World, rests: &Rests, op: Op) -> Done {
    let old = world.get(op.cell);
    rests.rest(op, EARLY).await?;
    notes.0 = mix(notes.0, tally.0);
    tally.0 = mix(tally.0, op.by);
    world.set(op.cell, mix(old, notes.0));
    rests.rest(op, LATE).await?;
    Ok(notes.0)
}

/// Only think.
#[tool(pure)]
async fn think(rests: &Rests, op: Op) -> Done {
    rests.rest(op, EARLY).await?;
    rests.rest(op, LATE).await?;
    Ok(op.by)
}

const NAMES: [&str; 8] = ["peek", "look", "poke", "note", "notes", "count", "merge", "think"];

/// The same tools, one after another and without the library.
#[derive(Default, PartialEq, Debug)]
struct Serial {
    world: [u64; CELLS],
    notes: Notes,
    tally: Tally,
}

impl Serial {
    fn run(&mut self, call: Call) -> (Status, String) {
        let Call::Good(name, op) = call else {
            return (Status::Failed, String::new());
        };
        match op.mood {
            Mood::FailsEarly => return (Status::Failed, format!("{} fails", op.n)),
            Mood::PanicsEarly => return panicked(op),
            _ => {}
        }
        let value = self.effect(name, op);
        match op.mood {
            Mood::FailsLate => (Status::Failed, format!("{} fails", op.n)),
            Mood::PanicsLate => panicked(op),
            _ => (Status::Completed, value.to_string()),
        }
    }

    fn effect(&mut self, name: &str, Op { cell, by, .. }: Op) -> u64 {
        let Self { world, notes, tally } = self;
        match name {
            "peek" | "look" => mix(world[cell], world[(cell + 1) % CELLS]),
            "poke" => {
                let new = mix(world[cell], by);
                std::mem::replace(&mut world[cell], new)
            }
            "note" => {
                notes.0 = mix(notes.0, by ^ world[cell]);
                notes.0
            }
            "notes" => mix(notes.0, notes.0),
            "count" => {
                tally.0 = mix(tally.0, by ^ notes.0);
                tally.0
            }
            "merge" => {
                notes.0 = mix(notes.0, tally.0);
                tally.0 = mix(tally.0, by);
                world[cell] = mix(world[cell], notes.0);
                notes.0
            }
            _ => by,
        }
    }
}

fn panicked(op: Op) -> (Status, String) {
    (Status::Failed, format!("the tool panicked: {} panics", op.n))
}

#[derive(Debug, Clone, Copy)]
enum Call {
    Good(&'static str, Op),
    BadArguments(&'static str),
    CutOff(&'static str),
    Unknown,
}

impl Call {
    fn random(dice: &mut Dice, n: usize) -> Self {
        let name = NAMES[dice.roll(NAMES.len())];
        match dice.roll(24) {
            0 => return Self::BadArguments(name),
            1 => return Self::CutOff(name),
            2 => return Self::Unknown,
            _ => {}
        }
        let mood = match dice.roll(12) {
            0 => Mood::FailsEarly,
            1 => Mood::FailsLate,
            2 => Mood::PanicsEarly,
            3 => Mood::PanicsLate,
            _ => Mood::Good,
        };
        let (cell, by) = (dice.roll(CELLS), dice.roll(1000) as u64);
        Self::Good(name, Op { n, cell, by, mood })
    }

    fn write(self, response: Response) -> Response {
        match self {
            Self::Good(name, op) => response.call(name, json!({ "op": op }).to_string()),
            Self::BadArguments(name) => response.call(name, r#"{"op":{"n":"one"},"more":1}"#),
            Self::CutOff(name) => response.call(name, r#"{"op":{"n":1,"cell":0,"by":"#),
            Self::Unknown => response.call("forget", "{}"),
        }
    }

    /// What it reads and writes, as the guide says it: the world, the notes, the tally.
    fn touches(self) -> [Touch; 3] {
        use Touch::{Nothing as N, Read as R, Write as W};
        let Self::Good(name, _) = self else {
            return [N, N, N];
        };
        match name {
            "peek" | "look" => [R, N, N],
            "poke" => [W, N, N],
            "note" => [R, W, N],
            "notes" => [R, R, N],
            "count" => [R, R, W],
            "merge" => [W, W, W],
            _ => [N, N, N],
        }
    }

    fn conflicts_with(self, other: Self) -> bool {
        use Touch::{Nothing, Write};
        let mut places = self.touches().into_iter().zip(other.touches());
        places.any(|(a, b)| a != Nothing && b != Nothing && (a == Write || b == Write))
    }

    fn takes(self, rests: &Times) -> u64 {
        let Self::Good(_, op) = self else {
            return 0;
        };
        let [early, late] = rests[op.n];
        match op.mood {
            Mood::FailsEarly | Mood::PanicsEarly => early,
            _ => early + late,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Touch {
    Nothing,
    Read,
    Write,
}

/// A generator of its own, so that a failure is repeated by its seed.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        dice.roll(2);
        dice
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn rests(&mut self, calls: usize) -> Times {
        let rest = |dice: &mut Self| [0, 0, 1, 2, 5, 11][dice.roll(6)];
        (0..calls).map(|_| [rest(self), rest(self)]).collect()
    }
}

/// A random batch of at most ten calls.
fn batch(dice: &mut Dice) -> Vec<Call> {
    let calls = 1 + dice.roll(10);
    (0..calls).map(|n| Call::random(dice, n)).collect()
}

/// The tools on a state that is emptied before each run.
struct Bench {
    store: Arc<Store>,
    tools: Toolset,
}

impl Bench {
    fn new() -> Self {
        let store = Arc::new(Store::default());
        let tools = tools![peek, look, poke, note, notes, count, merge, think];
        Self { tools: tools.with_arc(store.clone()), store }
    }

    async fn run(&self, calls: &[Call], rests: &Times, slots: Option<usize>) -> (Outcome, Serial) {
        let Store { world, notes, tally, .. } = &*self.store;
        *world.0.lock().unwrap() = Default::default();
        *notes.write().await = Notes::default();
        *tally.write().await = Tally::default();
        self.store.rests.0.lock().unwrap().clone_from(rests);

        let response = calls.iter().fold(Response::new(), |response, call| call.write(response));
        let mut agent = Agent::new(once(response)).tools(self.tools.clone());
        if let Some(slots) = slots {
            agent = agent.concurrency(slots);
        }
        let outcome = agent.run("go").await.unwrap();
        let (notes, tally) = (notes.read().await.clone(), tally.read().await.clone());
        let world = *world.0.lock().unwrap();
        (outcome, Serial { world, notes, tally })
    }
}

fn paused() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

fn check_against_serial(seed: u64, calls: &[Call], outcome: &Outcome, state: &Serial) {
    let mut serial = Serial::default();
    let mut results = outcome.transcript().results();
    for (n, call) in calls.iter().enumerate() {
        let result = results.next().unwrap();
        let (status, text) = serial.run(*call);
        assert_eq!(result.status(), status, "seed {seed}, call {n} of {calls:?}");
        assert_eq!(result.call_id(), format!("call_{}", n + 1));
        match call {
            Call::Good(..) => assert_eq!(result.text(), text, "seed {seed}, call {n}: {calls:?}"),
            Call::BadArguments(_) | Call::CutOff(_) => {
                assert!(result.text().starts_with("invalid arguments: "), "{result:?}");
            }
            Call::Unknown => assert!(result.text().starts_with("there is no tool"), "{result:?}"),
        }
    }
    assert!(results.next().is_none());
    assert_eq!(*state, serial, "seed {seed}: {calls:?}");
}

/// Each batch runs twice, with other durations and another limit on concurrency.
#[test]
fn twenty_thousand_random_batches_equal_serial_execution_byte_for_byte() {
    const SLOTS: [Option<usize>; 5] = [None, None, Some(1), Some(2), Some(3)];
    paused().block_on(async {
        let bench = Bench::new();
        for seed in 0..20_000 {
            let mut dice = Dice::new(seed);
            let calls = batch(&mut dice);
            let mut transcripts = Vec::new();
            for _ in 0..2 {
                let (rests, slots) = (dice.rests(calls.len()), SLOTS[dice.roll(SLOTS.len())]);
                let (outcome, state) = bench.run(&calls, &rests, slots).await;
                check_against_serial(seed, &calls, &outcome, &state);
                transcripts.push(serde_json::to_string(outcome.transcript()).unwrap());
            }
            assert_eq!(transcripts[0], transcripts[1], "seed {seed}");
        }
    });
}

#[test]
fn a_transcript_has_the_same_bytes_in_every_interleaving() {
    paused().block_on(async {
        let bench = Bench::new();
        for seed in 0..200 {
            let mut dice = Dice::new(seed + 1_000_000);
            let calls = batch(&mut dice);
            let mut first = None;
            for _ in 0..20 {
                let rests = dice.rests(calls.len());
                let bytes = saved(bench.run(&calls, &rests, None).await.0.transcript());
                assert_eq!(*first.get_or_insert_with(|| bytes.clone()), bytes, "seed {seed}");
            }
        }
    });
}

/// When each call starts and ends, from the pairs that conflict.
fn ideal(calls: &[Call], rests: &Times) -> Vec<(u64, u64)> {
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for (n, call) in calls.iter().enumerate() {
        let before =
            calls[..n].iter().zip(&spans).filter(|(other, _)| call.conflicts_with(**other));
        let start = before.map(|(_, (_, end))| *end).max().unwrap_or_default();
        spans.push((start, start + call.takes(rests)));
    }
    spans
}

#[test]
fn each_call_starts_at_once_after_the_last_one_it_conflicts_with() {
    paused().block_on(async {
        let bench = Bench::new();
        for seed in 0..5_000 {
            let mut dice = Dice::new(seed + 2_000_000);
            let calls = batch(&mut dice);
            let rests = dice.rests(calls.len());
            let ideal = ideal(&calls, &rests);
            let (outcome, _) = bench.run(&calls, &rests, None).await;
            for ((span, call), (start, end)) in
                outcome.timeline().calls().iter().zip(&calls).zip(&ideal)
            {
                let started = span.started.unwrap_or(span.ended);
                let real = (whole_ms(started), whole_ms(span.ended));
                if matches!(call, Call::Good(..)) {
                    assert_eq!(real, (*start, *end), "seed {seed}, {calls:?}");
                }
            }
            let longest = ideal.iter().map(|(_, end)| *end).max().unwrap();
            assert_eq!(outcome.elapsed(), ms(longest), "seed {seed}");
        }
    });
}

/// With a limit: at each moment a ready call waits, all slots are taken, and by no more than that.
#[test]
fn a_ready_call_waits_only_while_all_slots_are_taken() {
    paused().block_on(async {
        let bench = Bench::new();
        for seed in 0..3_000 {
            let mut dice = Dice::new(seed + 3_000_000);
            let calls: Vec<_> = batch(&mut dice);
            let calls: Vec<_> =
                calls.into_iter().filter(|call| matches!(call, Call::Good(..))).collect();
            let slots = 1 + dice.roll(3);
            let rests = dice.rests(11);
            let (outcome, _) = bench.run(&calls, &rests, Some(slots)).await;
            let spans = support::spans(&outcome);
            let running =
                |at: u64| spans.iter().filter(|(start, end)| (*start..*end).contains(&at)).count();
            for (n, call) in calls.iter().enumerate() {
                let before = calls[..n].iter().zip(&spans);
                let before = before.filter(|(other, _)| call.conflicts_with(**other));
                let ready = before.map(|(_, (_, end))| *end).max().unwrap_or_default();
                assert!(ready <= spans[n].0, "seed {seed}: {calls:?} ran {spans:?}");
                for at in ready..spans[n].0 {
                    assert_eq!(running(at), slots, "seed {seed}, at {at}: {calls:?} ran {spans:?}");
                }
            }
        }
    });
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
    runtime.block_on(async {
        let bench = Bench::new();
        for seed in 0..4_000 {
            let mut dice = Dice::new(seed + 4_000_000);
            let calls = batch(&mut dice);
            let rests = vec![[0, 0]; calls.len()];
            let slots = [None, Some(2)][dice.roll(2)];
            let (outcome, state) = bench.run(&calls, &rests, slots).await;
            check_against_serial(seed, &calls, &outcome, &state);
        }
    });
}
