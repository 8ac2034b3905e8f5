use agent_core::tool;

/// Read memory.
#[tool]
unsafe fn peek(address: usize) -> usize {
    address
}

fn main() {}
