use agent_core::tool;

/// Print a value.
#[tool(pure)]
fn print(value: impl ToString) -> String {
    value.to_string()
}

fn main() {}
