use agent_core::tool;
use std::path::PathBuf;

struct Notes {
    root: PathBuf,
}

/// Delete a note.
#[tool(write(file = notes.root.join(name)))]
fn delete(notes: &Notes, name: &str) -> bool {
    std::fs::remove_file(notes.root.join(name)).is_ok()
}

fn main() {}
