use agent_core::tool;

/// The character with a code.
#[tool(pure)]
fn char(code: u8) -> String {
    code.to_string()
}

fn main() {}
