use agent_core::tool;

/// Read memory.
#[tool(pure)]
unsafe fn peek(address: usize) -> usize {
    address
}

fn main() {}
