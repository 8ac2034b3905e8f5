//! What a run tells whoever watches it, in which order, and what watching slowly costs.

#![cfg(test)]

#[path = "support/diary.rs"]
mod diary;
#[path = "events/dropped.rs"]
mod dropped;
#[path = "events/identity.rs"]
mod identity;
#[path = "events/order.rs"]
mod order;
#[path = "events/serial.rs"]
mod serial;
#[path = "events/slow.rs"]
mod slow;
#[path = "support/streamed.rs"]
mod streamed;
mod support;
#[path = "events/threads.rs"]
mod threads;
#[path = "support/watched.rs"]
mod watched;

use agent_core::Agent;
use diary::Diary;
use std::sync::Arc;
use streamed::{Script, Streamed};

/// An agent that streams these answers.
fn agent(diary: &Arc<Diary>, scripts: impl Into<Arc<[Script]>>) -> Agent {
    Agent::new(Streamed::new(scripts)).tools(diary.tools())
}
