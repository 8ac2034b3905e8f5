use agent_core::tool;
use std::path::Path;

/// Read a text file.
#[tool(read(file = path))]
fn read(path: &Path) -> std::io::Result<String> {
    std::fs::read_to_string(path)
}

fn main() {}
