use agent_core::tool;

/// List the orders.
#[tool(read())]
fn list() -> Vec<String> {
    Vec::new()
}

fn main() {}
