use agent_core::tool;

/// Greet somebody.
#[tool]
fn greet(name: &'static str) -> String {
    name.to_owned()
}

fn main() {}
