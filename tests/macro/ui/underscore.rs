use agent_core::tool;

/// Do nothing with a text.
#[tool(write)]
fn forget(_: String) {}

fn main() {}
