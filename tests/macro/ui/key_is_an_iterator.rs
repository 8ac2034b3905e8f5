use agent_core::tool;

/// Read a file.
#[tool(read(file = path.split('/')))]
fn read(path: &str) -> String {
    path.to_owned()
}

fn main() {}
