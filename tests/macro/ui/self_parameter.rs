use agent_core::tool;

struct Shop;

impl Shop {
    /// Count the orders.
    #[tool(pure)]
    fn count(&self) -> usize {
        0
    }
}

fn main() {}
