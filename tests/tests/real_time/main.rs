//! Tests that need or measure real time, with generous bounds. All others simulate their clock.

#![cfg(test)]
#![allow(
    clippy::unused_async,
    reason = "an async tool is polled in place, a plain one need not be"
)]

mod blocking;
mod chances;
mod clocks;
mod dropped;
mod endings;
mod events;
mod pool;
mod threads;
mod within;

use std::io::Write;

/// Past the capture of the test harness: how much was tried is worth knowing when all is well.
fn say(line: &str) {
    _ = writeln!(std::io::stderr(), "{line}");
}
