use agent_core::tool;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Order {
    customer: String,
}

impl Order {
    fn into_customer(self) -> String {
        self.customer
    }
}

/// Cancel an order.
#[tool(write(customer = order.into_customer()))]
fn cancel(order: Order) -> bool {
    order.customer.is_empty()
}

fn main() {}
