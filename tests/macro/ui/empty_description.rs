use agent_core::tool;

/// Read a file.
#[tool(read, description = " ")]
fn read(path: String) -> String {
    path
}

fn main() {}
