use agent_core::tool;

/// Read a file.
#[tool(timeout = "5s")]
fn read(path: String) -> String {
    path
}

fn main() {}
