use agent_core::tool;

/// Double a number.
#[tool(pure)]
const fn double(n: u32) -> u32 {
    n * 2
}

fn main() {}
