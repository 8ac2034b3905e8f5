use agent_core::tool;

/// Print values.
#[tool(pure)]
fn print(format: String, _: ...) -> String {
    format
}

fn main() {}
