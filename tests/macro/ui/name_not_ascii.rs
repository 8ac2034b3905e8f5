use agent_core::tool;

/// Die Größe einer Datei.
#[tool(pure)]
fn größe(path: String) -> usize {
    path.len()
}

fn main() {}
