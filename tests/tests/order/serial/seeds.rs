//! Random batches, each made from a seed that repeats it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Write, stderr};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use agent_tests::support::dice::Dice;
use agent_tests::support::store::{Call, Mix};

/// So many percent of the batches that the environment asks for, or of 100,000.
pub(crate) fn share(percent: u64) -> u64 {
    told("AGENT_BATCHES").unwrap_or(100_000) * percent / 100
}

fn told(variable: &str) -> Option<u64> {
    let told = std::env::var(variable).ok()?;
    Some(told.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

/// Runs a test from one seed after the other until it has seen so many batches, which it returns, and
/// tells what was in them. `AGENT_SEED` repeats the one of a failure.
pub(crate) fn each_seed(
    name: &str,
    first: u64,
    wanted: u64,
    mix: Mix,
    mut test: impl FnMut(&mut Dice) -> Vec<Vec<Call>>,
) {
    let only = told("AGENT_SEED");
    let mut census = Census::default();
    for seed in only.unwrap_or(first).. {
        let batches = catch_unwind(AssertUnwindSafe(|| test(&mut Dice::new(seed))));
        census.count(batches.unwrap_or_else(|panic| {
            eprintln!("{name}: AGENT_SEED={seed} repeats it");
            resume_unwind(panic)
        }));
        if only.is_some() || census.batches >= wanted {
            break;
        }
    }
    // Not by a macro: the test runner hides what tests that pass print so.
    writeln!(stderr(), "random batches {name}: {census}").unwrap();
    if wanted >= 1_000 && only.is_none() {
        census.check(mix);
    }
}

const KINDS: [&str; 12] = [
    "unnamed read",
    "unnamed write",
    "whole resource",
    "key",
    "path",
    "state",
    "pure",
    "failure",
    "panic",
    "tool limit",
    "unreadable",
    "unknown",
];

/// What was in the batches.
#[derive(Default)]
struct Census {
    batches: u64,
    calls: u64,
    kinds: BTreeMap<&'static str, u64>,
}

impl Census {
    fn count(&mut self, batches: Vec<Vec<Call>>) {
        self.batches += batches.len() as u64;
        for call in batches.into_iter().flatten() {
            self.calls += 1;
            for kind in call.kinds() {
                *self.kinds.entry(kind).or_default() += 1;
            }
        }
    }

    /// Nothing is missing.
    fn check(&self, mix: Mix) {
        let decided: &[_] = if mix.verdicts { &["approved", "refused", "forbidden"] } else { &[] };
        for kind in KINDS.iter().chain(decided) {
            assert!(self.kinds.contains_key(kind), "no {kind} in {self}");
        }
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} calls", self.batches, self.calls)?;
        self.kinds.iter().try_for_each(|(kind, calls)| write!(f, ", {kind} {calls}"))
    }
}
