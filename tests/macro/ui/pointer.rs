use agent_core::tool;

/// Look at an address.
#[tool(pure)]
fn peek(address: *const u8) -> bool {
    address.is_null()
}

fn main() {}
