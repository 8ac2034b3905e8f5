use agent_core::tool;

/// Greet somebody.
#[tool(pure)]
fn greet(name: &'static str) -> String {
    name.to_owned()
}

fn main() {}
