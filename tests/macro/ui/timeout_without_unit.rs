use agent_core::tool;

/// Read a file.
#[tool(read, timeout = "5")]
async fn read(path: String) -> String {
    path
}

fn main() {}
