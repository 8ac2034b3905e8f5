use agent_core::tool;

/// List the orders.
#[tool(read(orders))]
fn list() -> Vec<String> {
    Vec::new()
}

fn main() {}
