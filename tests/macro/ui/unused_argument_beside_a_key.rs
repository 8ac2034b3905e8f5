#![deny(unused_variables)]

use agent_core::tool;

/// Change an order.
#[tool(write(order = id))]
async fn change(id: u32, note: String) {}

/// Swap two orders.
#[tool(write(order = from, order = to), read("id"))]
fn swap(from: u32, to: u32, id: u32) {}

fn main() {}
