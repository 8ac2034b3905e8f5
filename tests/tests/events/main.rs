//! What a run tells whoever watches it, in which order, and what watching slowly costs.

#![cfg(test)]

mod dropped;
mod identity;
mod order;
mod serial;
mod slow;
mod threads;

use agent_core::Agent;
use agent_tests::support::diary::Diary;
use agent_tests::support::streamed::{Script, Streamed};
use std::sync::Arc;

/// An agent that streams these answers.
fn agent(diary: &Arc<Diary>, scripts: impl Into<Arc<[Script]>>) -> Agent {
    Agent::new(Streamed::new(scripts)).tools(diary.tools())
}
