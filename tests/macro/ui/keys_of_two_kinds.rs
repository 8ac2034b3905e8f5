use agent_core::{tool, tools};
use std::path::PathBuf;

/// Read a file.
#[tool(read(file = path))]
fn read(path: PathBuf) -> String {
    path.display().to_string()
}

/// Add two numbers.
#[tool(pure)]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Write a file.
#[tool(write(file = path))]
fn write(path: String) -> String {
    path
}

fn main() {
    let _ = tools![read, add, write];
}
