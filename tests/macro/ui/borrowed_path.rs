use agent_core::{Toolset, tool, tools};
use std::path::Path;

/// Greet.
#[tool(read)]
fn greet(file: &Path) -> bool {
    file.exists()
}

fn main() {
    let _ = Toolset::from(tools![greet]);
}
