use agent_core::tool;

/// List the orders.
#[tool(pure, read("orders"))]
fn list() -> Vec<String> {
    Vec::new()
}

fn main() {}
