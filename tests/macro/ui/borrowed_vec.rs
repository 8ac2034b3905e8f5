use agent_core::{Toolset, tool, tools};

/// Greet.
#[tool(pure)]
fn greet(names: &Vec<String>) -> usize {
    names.len()
}

fn main() {
    let _ = Toolset::from(tools![greet]);
}
