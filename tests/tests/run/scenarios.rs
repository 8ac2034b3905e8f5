//! What went wrong in other agent loops, each with the issue that tells of it.

mod approvals;
mod failures;
mod interrupts;
mod limits;
mod order;
mod responses;

use agent_core::{Agent, Outcome, Response, ToolError, Toolset, tool, tools};
use agent_tests::support::{once, plan};
use std::time::Duration;
use tokio::time::sleep;

/// Read for some time.
#[tool(read)]
async fn look(ms: u64) -> u64 {
    sleep(Duration::from_millis(ms)).await;
    ms
}

/// Write for some time.
#[tool(write)]
async fn save(ms: u64) -> u64 {
    look(ms).await
}

/// Touch nothing for some time.
#[tool(pure)]
async fn think(ms: u64) -> u64 {
    look(ms).await
}

/// Fail.
#[tool(read)]
async fn fail(ms: u64) -> Result<u64, String> {
    look(ms).await;
    Err("no such file".to_owned())
}

/// Panic.
#[tool(read)]
async fn burst(ms: u64) -> u64 {
    look(ms).await;
    std::panic::resume_unwind(Box::new("index out of bounds"))
}

/// Hang.
#[tool(read, timeout = "300ms")]
async fn hang(ms: u64) -> u64 {
    _ = ms;
    std::future::pending().await
}

/// End the run.
#[tool(pure)]
async fn end(ms: u64) -> Result<u64, ToolError> {
    look(ms).await;
    Err(ToolError::fatal("the account is closed"))
}

fn toolset() -> Toolset {
    tools![look, save, think, fail, burst, hang, end].into()
}

fn agent(response: Response) -> Agent {
    Agent::new(once(response)).tools(toolset())
}

async fn run(calls: &str) -> Outcome {
    agent(plan(calls)).run("go").await.unwrap()
}
