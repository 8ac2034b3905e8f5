use agent_core::tool;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Order {
    id: u64,
}

/// Cancel an order.
#[tool(write("stock", order = order))]
fn cancel(order: Order, why: &str) -> String {
    format!("{} is cancelled: {why}", order.id)
}

fn main() {}
