use agent_core::tool;

/// Copy a file.
#[tool(pure)]
fn copy(from: String, #[arg(rename = "from")] to: String) -> String {
    from + &to
}

fn main() {}
