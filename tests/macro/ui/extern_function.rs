use agent_core::tool;

/// Double a number.
#[tool(pure)]
extern "C" fn double(n: u32) -> u32 {
    n * 2
}

fn main() {}
