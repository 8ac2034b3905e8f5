use agent_core::tool;

/// Greet somebody.
#[tool(pure)]
fn greet(name: Option<&str>) -> String {
    name.unwrap_or("you").to_owned()
}

fn main() {}
