//! A batch takes as long as its critical path, and with a limit as long as it has to.

use agent_core::Outcome;
use agent_tests::support::dice::Dice;
use agent_tests::support::store::{Bench, Call, Mix, Times, paused};
use agent_tests::support::{ms, whole_ms};
use std::io::{Write, stderr};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// When each call starts and ends, from the pairs that conflict and what is decided over them.
fn ideal(calls: &[Call], times: &Times) -> Vec<(u64, u64)> {
    ideal_of(calls, times, |a, b| calls[a].conflicts_with(calls[b]))
}

fn ideal_of(
    calls: &[Call],
    times: &Times,
    conflict: impl Fn(usize, usize) -> bool,
) -> Vec<(u64, u64)> {
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for (n, call) in calls.iter().enumerate() {
        let before = spans.iter().enumerate().filter(|(other, _)| conflict(n, *other));
        let free = before.map(|(_, (_, end))| *end).max().unwrap_or_default();
        let decided = call.decided(times);
        // One that is denied waits for nobody, and has no body.
        let start = if call.is_denied() { decided } else { free.max(decided) };
        spans.push((start, start + call.takes(times)));
    }
    spans
}

fn longest(spans: &[(u64, u64)]) -> u64 {
    spans.iter().map(|(_, end)| *end).max().unwrap_or_default()
}

fn real(outcome: &Outcome) -> Vec<(u64, u64)> {
    let timeline = outcome.timeline();
    let calls = timeline.calls().iter();
    calls.map(|call| (whole_ms(call.started.unwrap_or(call.ended)), whole_ms(call.ended))).collect()
}

#[test]
fn each_call_starts_at_once_after_the_last_one_it_conflicts_with() {
    let (runtime, bench) = (paused(), Bench::new());
    for seed in 2_000_000..2_010_000 {
        let mut dice = Dice::new(seed);
        let calls = dice.batch(0, Mix::default());
        let times = dice.times(calls.len());
        let ideal = ideal(&calls, &times);
        let (outcome, _) = runtime.block_on(bench.run(&calls, &times, None));
        assert_eq!(real(&outcome), ideal, "seed {seed}, {calls:?}");
        let path = ms(longest(&ideal));
        assert_eq!(outcome.elapsed(), path, "seed {seed}");
        assert_eq!(outcome.timeline().critical_path(), path, "seed {seed}, {calls:?}");
    }
}

#[test]
fn a_decision_holds_back_those_alone_that_conflict_with_its_call() {
    let (runtime, bench) = (paused(), Bench::new());
    for seed in 7_000_000..7_005_000 {
        let mut dice = Dice::new(seed);
        let calls = dice.batch(0, Mix { verdicts: true, ..Mix::default() });
        let times = dice.times(calls.len());
        let ideal = ideal(&calls, &times);
        let (outcome, _) = runtime.block_on(bench.run(&calls, &times, None));
        assert_eq!(real(&outcome), ideal, "seed {seed}, {calls:?}");
        assert_eq!(outcome.elapsed(), ms(longest(&ideal)), "seed {seed}");
    }
}

#[test]
fn runs_beside_each_other_wait_for_what_they_name_alone() {
    let (runtime, bench) = (paused(), Bench::new());
    for seed in 8_000_000..8_003_000 {
        let mut dice = Dice::new(seed);
        let first = dice.batch(0, Mix::default());
        let second = dice.batch(first.len(), Mix::default());
        let (calls, border) = ([&*first, &second].concat(), first.len());
        let times = dice.times(calls.len());
        let ideal = ideal_of(&calls, &times, |a, b| match (a < border) == (b < border) {
            true => calls[a].conflicts_with(calls[b]),
            false => calls[a].conflicts_across_runs_with(calls[b]),
        });
        let outcomes = runtime.block_on(bench.run_all(&[first, second], &times));
        let real: Vec<_> = outcomes.iter().flat_map(real).collect();
        assert_eq!(real, ideal, "seed {seed}, {border} and then {calls:?}");
    }
}

/// A batch with a limit, as it ran.
struct Limited {
    calls: Vec<Call>,
    times: Times,
    slots: usize,
    spans: Vec<(u64, u64)>,
}

/// Runs random batches with a limit on the calls of the agent, and with none on those of a tool.
fn each_limited(first: u64, mut test: impl FnMut(Limited)) {
    let (runtime, bench) = (paused(), Bench::new());
    for seed in first..first + 5_000 {
        let mut dice = Dice::new(seed);
        let mut calls = dice.batch(0, Mix::default());
        calls.retain(|call| matches!(call, Call::Good(..)));
        let (slots, times) = (1 + dice.roll(4), dice.times(11));
        let (outcome, _) = runtime.block_on(bench.run(&calls, &times, Some(slots)));
        let spans = real(&outcome);
        assert_eq!(outcome.elapsed(), ms(longest(&spans)), "seed {seed}");
        let limited = Limited { calls, times, slots, spans };
        let tested = catch_unwind(AssertUnwindSafe(|| test(limited)));
        tested.unwrap_or_else(|panic| {
            eprintln!("the seed is {seed}");
            resume_unwind(panic)
        });
    }
}

/// At each moment at which a ready call waits all slots are taken, and by no more than that.
#[test]
fn a_ready_call_waits_only_while_all_slots_are_taken() {
    each_limited(3_000_000, |Limited { calls, slots, spans, .. }| {
        let running =
            |at: u64| spans.iter().filter(|(start, end)| (*start..*end).contains(&at)).count();
        for (n, call) in calls.iter().enumerate() {
            let before = calls[..n].iter().zip(&spans);
            let before = before.filter(|(other, _)| call.conflicts_with(**other));
            let ready = before.map(|(_, (_, end))| *end).max().unwrap_or_default();
            assert!(ready <= spans[n].0, "{calls:?} ran {spans:?}");
            for at in ready..spans[n].0 {
                assert_eq!(running(at), slots, "at {at}: {calls:?} ran {spans:?}");
            }
        }
    });
}

/// R. L. Graham's bound for list scheduling: all work, without that of the critical path of calls that
/// conflict, shared by all slots, and then that chain.
#[test]
fn under_a_limit_a_batch_stays_within_grahams_bound() {
    let (mut batches, mut waited, mut closest) = (0, 0, 0);
    each_limited(9_000_000, |Limited { calls, times, slots, spans }| {
        let (slots, makespan) = (slots as u64, longest(&spans));
        let work: u64 = calls.iter().map(|call| call.takes(&times)).sum();
        let chain = longest(&ideal(&calls, &times));
        // Both sides times the number of slots.
        let (took, bound) = (slots * makespan, work - chain + slots * chain);
        assert!(took <= bound, "{makespan} ms in {slots} slots: {calls:?} ran {spans:?}");
        assert!(makespan >= chain && took >= work, "{calls:?} ran {spans:?}");
        batches += 1;
        waited += u64::from(makespan > chain);
        if chain < work {
            closest = closest.max(100 * took / bound);
        }
    });
    let told = format!("{batches} batches under a limit, {waited} longer than their chain");
    writeln!(stderr(), "{told}, none above Graham's bound, at most {closest} % of it").unwrap();
    assert!(waited > 1_000);
}
