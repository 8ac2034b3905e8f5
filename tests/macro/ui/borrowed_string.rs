use agent_core::{Toolset, tool, tools};

/// Greet.
#[tool(pure)]
fn greet(name: &String) -> usize {
    name.len()
}

fn main() {
    let _ = Toolset::from(tools![greet]);
}
