//! Calls that begin while their response is still being written, and what becomes of them.

#![cfg(test)]

#[path = "early/cut.rs"]
mod cut;
#[path = "support/diary.rs"]
mod diary;
#[path = "early/fatal.rs"]
mod fatal;
#[path = "early/limits.rs"]
mod limits;
#[path = "early/retried.rs"]
mod retried;
#[path = "early/rule.rs"]
mod rule;
#[path = "support/streamed.rs"]
mod streamed;
mod support;
#[path = "support/watched.rs"]
mod watched;

use agent_core::{Agent, Outcome};
use diary::{Diary, assert_quiet};
use std::sync::Arc;
use streamed::{Script, Streamed};
use support::saved;

/// An agent that streams these answers.
fn agent(diary: &Arc<Diary>, scripts: impl Into<Arc<[Script]>>) -> Agent {
    Agent::new(Streamed::new(scripts)).tools(diary.tools())
}

/// Runs to the end, after which nothing happens.
async fn run(diary: &Arc<Diary>, agent: &Agent) -> Outcome {
    let outcome = agent.run("go").await.unwrap();
    saved(outcome.transcript());
    assert_quiet(diary).await;
    outcome
}
