use agent_core::tool;

async fn customer(order: u64) -> u64 {
    order
}

/// Cancel an order.
#[tool(write(customer = customer(*order).await))]
async fn cancel(order: u64) -> u64 {
    order
}

fn main() {}
