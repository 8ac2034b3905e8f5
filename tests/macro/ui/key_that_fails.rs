use agent_core::tool;
use std::num::ParseIntError;

/// Cancel an order.
#[tool(write(order = order.parse::<u64>()?))]
fn cancel(order: &str) -> Result<u64, ParseIntError> {
    order.parse()
}

fn main() {}
