use agent_core::tool;

/// Append a line to a file.
#[tool]
fn append(path: String, line: &str) -> usize {
    path.len() + line.len()
}

fn main() {
    // The function is still there.
    append(String::new(), "");
}
