use agent_core::tool;

/// Read a file.
#[tool(read, read)]
fn read(path: String) -> String {
    path
}

fn main() {}
