use agent_core::tool;

/// Print a value.
#[tool(pure)]
fn print<T: ToString>(value: T) -> String {
    value.to_string()
}

fn main() {}
