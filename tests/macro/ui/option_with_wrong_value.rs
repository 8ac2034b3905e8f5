use agent_core::tool;

/// Read a file.
#[tool(read, name = read_file)]
fn read(path: String) -> String {
    path
}

fn main() {}
