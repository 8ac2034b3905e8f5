use agent_core::tool;

/// Read a file.
#[tool(read)]
fn read(path: String, #[cfg(unix)] mode: u32) -> String {
    format!("{path} {mode}")
}

fn main() {}
