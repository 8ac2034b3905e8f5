use agent_core::tool;

/// Read lines.
#[tool(pure)]
fn lines(#[arg(range = 1..=50)] count: u32) -> u32 {
    count
}

fn main() {}
