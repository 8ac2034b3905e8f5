//! Support for all benches: CPU time per piece of work, compared within one run.

#![allow(dead_code, unreachable_pub, reason = "each bench uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::wildcard_imports,
    reason = "a bench"
)]

pub mod call;
pub mod conversation;
#[cfg(feature = "anthropic")]
pub mod stream;

use cpu_time::ProcessTime;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Without tokio's I/O driver, which the core does not use: with it, each wake of the outermost
/// future costs system calls.
pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

/// CPU nanoseconds of each of `works`, per repetition. The median of rounds in which all works take
/// turns, so that a slow moment of the machine affects all of them.
pub fn compare<const N: usize>(times: u32, mut works: [&mut dyn FnMut(u32); N]) -> [f64; N] {
    const ROUNDS: usize = 15;
    let mut rounds = [(); N].map(|()| Vec::with_capacity(ROUNDS));
    for work in &mut works {
        work(times);
    }
    for _ in 0..ROUNDS {
        for (work, taken) in works.iter_mut().zip(&mut rounds) {
            let began = ProcessTime::now();
            work(times);
            taken.push(nanos(began.elapsed()) / f64::from(times));
        }
    }
    rounds.map(|mut taken| {
        taken.sort_by(f64::total_cmp);
        taken[taken.len() / 2]
    })
}

#[allow(clippy::cast_precision_loss, reason = "a time of seconds in nanoseconds")]
fn nanos(time: Duration) -> f64 {
    time.as_nanos() as f64
}

/// Prints a figure, its bound, and whether the bound holds.
pub fn judge(what: &str, figure: f64, bound: f64) {
    let verdict = if figure <= bound { "holds" } else { "MISSED" };
    println!("{what:<56} {figure:>8.2}   at most {bound:<8} {verdict}");
}
