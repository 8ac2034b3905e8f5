use agent_core::tool;

/// Copy a file.
#[tool(read(file = from), write(file = target))]
fn copy(from: String, to: String) -> String {
    from + &to
}

fn main() {}
