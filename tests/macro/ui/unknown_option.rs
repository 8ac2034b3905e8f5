use agent_core::tool;

/// Read a file.
#[tool(raed)]
fn read(path: String) -> String {
    path
}

fn main() {}
