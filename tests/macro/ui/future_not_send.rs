use agent_core::tool;

use std::rc::Rc;

async fn pause() {}

/// Count slowly.
#[tool(pure)]
async fn count(to: u32) -> u32 {
    let shared = Rc::new(to);
    pause().await;
    *shared
}

fn main() {}
