use agent_core::tool;

/// Read a file.
#[tool(description = " ")]
fn read(path: String) -> String {
    path
}

fn main() {}
