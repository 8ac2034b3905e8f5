//! Calls that begin while their response is still being written, and what becomes of them.

mod cut;
mod fatal;
mod limits;
mod retried;
mod rule;

use agent_core::{Agent, Outcome};
use agent_tests::support::diary::{Diary, assert_quiet};
use agent_tests::support::saved;
use agent_tests::support::streamed::{Script, Streamed};
use std::sync::Arc;

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
