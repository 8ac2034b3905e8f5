use agent_core::tool;

/// Read lines.
#[tool(pure)]
fn lines(#[arg(default = "ten")] count: u32) -> u32 {
    count
}

fn main() {}
