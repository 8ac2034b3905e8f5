//! Tests that need or measure real time, with generous bounds. All others simulate their clock.

#![cfg(test)]

mod blocking;
mod chances;
mod clocks;
mod dropped;
mod endings;
mod events;
mod threads;
mod within;

use std::io::Write;

/// Past the capture of the test harness: how much was tried is worth knowing when all is well.
fn say(line: &str) {
    _ = writeln!(std::io::stderr(), "{line}");
}
