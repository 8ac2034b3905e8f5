use agent_core::tool;

/// Cancel an order.
#[tool(write(order = if order == "all" { return "" } else { order }))]
fn cancel(order: &str) -> String {
    format!("{order} is cancelled")
}

fn main() {}
