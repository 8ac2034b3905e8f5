//! What the README promises, against programs that try to break it: crossings of two features, code of
//! the user that misbehaves, runtimes that nobody drives.

#![cfg(test)]
#![allow(
    clippy::unused_async,
    reason = "an async tool is polled in place, a plain one need not be"
)]

mod caps;
mod exclusive;
mod gate;
mod guards;
mod keys;
mod ledgers;
mod lent;
mod models;
mod parents;
mod queues;
mod stress;
mod stuck;
mod undriven;

use agent_core::{Outcome, Transcript};
use std::time::Duration;

/// Long enough for everything that ends at all, also on a busy machine.
const LONG: Duration = Duration::from_secs(20);

/// Fails instead of hanging.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, what).await.expect("it ends")
}

/// The text of the only result.
fn only(outcome: &Outcome) -> &str {
    text_of(outcome.transcript())
}

fn text_of(transcript: &Transcript) -> &str {
    let texts = agent_tests::support::texts(transcript);
    assert_eq!(texts.len(), 1, "{texts:?}");
    texts[0]
}
