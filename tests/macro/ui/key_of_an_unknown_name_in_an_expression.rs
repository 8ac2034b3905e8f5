use agent_core::tool;
use std::path::PathBuf;

/// Delete a note.
#[tool(write(file = pth.join("notes")))]
fn delete(path: PathBuf) -> bool {
    std::fs::remove_file(path.join("notes")).is_ok()
}

fn main() {}
