use agent_core::{tool, tools};
use std::path::PathBuf;

/// Copy a file.
#[tool(read(file = from), write(file = to))]
fn copy(from: PathBuf, to: &str) -> String {
    format!("{} to {to}", from.display())
}

fn main() {
    let _ = tools![copy];
}
