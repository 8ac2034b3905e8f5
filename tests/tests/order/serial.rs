//! A batch ends as its calls would, one after another.
//!
//! 100,000 random batches, and as many bursts on several threads. `AGENT_BATCHES` asks for more, and
//! `AGENT_SEED` repeats the batch whose seed a failure names.

mod bursts;
mod conversations;
mod seeds;

use agent_core::Outcome;
use agent_tests::support::dice::Dice;
use agent_tests::support::saved;
use agent_tests::support::store::{Bench, Call, Cells, Mix, check, paused};
use seeds::{each_seed, share};
use tokio::runtime::Builder;

const ALONE: Mix = Mix { verdicts: false, tool_limits: true, several: false };

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

/// Runs so many percent of the random batches, with calls of this mix and a limit on concurrency.
fn run_batches(
    name: &str,
    first: u64,
    percent: u64,
    mix: Mix,
    slots: fn(&mut Dice) -> Option<usize>,
) {
    let (runtime, bench) = (paused(), Bench::new());
    each_seed(name, first, share(percent), mix, |dice| {
        let calls = dice.batch(0, mix);
        let (times, slots) = (dice.times(calls.len()), slots(dice));
        let (outcome, state) = runtime.block_on(bench.run(&calls, &times, slots));
        check_against_serial(&calls, &outcome, &state);
        vec![calls]
    });
}

#[test]
fn random_batches_equal_serial_execution() {
    run_batches("alone", 0, 30, ALONE, |_| None);
}

#[test]
fn random_batches_in_few_slots_equal_serial_execution() {
    run_batches("in 1 to 3 slots", 1_000_000, 15, ALONE, |dice| Some(few(dice)));
}

#[test]
fn random_batches_over_which_somebody_decides_equal_serial_execution() {
    let mix = Mix { verdicts: true, ..ALONE };
    run_batches("decided over", 2_000_000, 20, mix, perhaps_few);
}

fn few(dice: &mut Dice) -> usize {
    1 + dice.roll(3)
}

fn perhaps_few(dice: &mut Dice) -> Option<usize> {
    (dice.roll(2) == 0).then(|| few(dice))
}

/// What differs between them is how long the calls take, and how many run at the same time.
#[test]
fn a_transcript_has_the_same_bytes_in_every_interleaving() {
    let (runtime, bench) = (paused(), Bench::new());
    let mix = Mix { verdicts: true, ..ALONE };
    each_seed("in 20 interleavings each", 3_000_000, share(5), mix, |dice| {
        let calls = dice.batch(0, mix);
        let mut first = None;
        for _ in 0..20 {
            let (times, slots) = (dice.times(calls.len()), perhaps_few(dice));
            let (outcome, state) = runtime.block_on(bench.run(&calls, &times, slots));
            let bytes = match &first {
                None => saved(outcome.transcript()),
                Some(_) => serde_json::to_string(outcome.transcript()).unwrap(),
            };
            let first = first.get_or_insert_with(|| (bytes.clone(), state));
            assert_eq!(*first, (bytes, state), "{calls:?}");
        }
        vec![calls]
    });
}

#[test]
fn on_many_threads_random_batches_equal_serial_execution_too() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let bench = Bench::new();
    each_seed("on two threads", 4_000_000, share(4), ALONE, |dice| {
        let mut calls = dice.batch(0, ALONE);
        let times = vec![[0; 3]; calls.len()];
        // On a real clock there is no time for those that hang.
        calls.retain(|call| call.takes(&times) == 0);
        let slots = [None, Some(2)][dice.roll(2)];
        let (outcome, state) = runtime.block_on(bench.run(&calls, &times, slots));
        check_against_serial(&calls, &outcome, &state);
        vec![calls]
    });
}
