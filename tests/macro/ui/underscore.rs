use agent_core::tool;

/// Do nothing with a text.
#[tool]
fn forget(_: String) {}

fn main() {}
