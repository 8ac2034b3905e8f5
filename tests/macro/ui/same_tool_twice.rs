use agent_core::{tool, tools};

/// Read a file.
#[tool(read)]
fn read(path: String) -> String {
    path
}

fn main() {
    let _ = tools![read, read];
}
