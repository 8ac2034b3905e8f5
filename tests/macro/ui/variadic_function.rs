use agent_core::tool;

/// Print values.
#[tool]
fn print(format: String, _: ...) -> String {
    format
}

fn main() {}
