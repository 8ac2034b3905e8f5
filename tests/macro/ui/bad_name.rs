use agent_core::tool;

/// Read a file.
#[tool(read, name = "read file")]
fn read(path: String) -> String {
    path
}

fn main() {}
