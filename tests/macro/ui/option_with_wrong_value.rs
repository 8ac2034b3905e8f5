use agent_core::tool;

/// Read a file.
#[tool(name = read_file)]
fn read(path: String) -> String {
    path
}

fn main() {}
