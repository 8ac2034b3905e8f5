use agent_core::tool;

/// Read a text file.
#[tool(read(file = path), blocking)]
fn read(path: String) -> std::io::Result<String> {
    std::fs::read_to_string(path)
}

fn main() {}
