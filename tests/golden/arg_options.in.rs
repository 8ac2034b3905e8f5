/// List the orders.
#[tool(read)]
fn orders(
    /// Unseen.
    db: &Db,
    /// How many.
    ///
    /// At most 100.
    #[arg(default = 10)]
    limit: u32,
    #[arg(default, rename = "type", description = "Kind of order.")] kind: Kind,
    #[arg(default = "open")] status: &str,
    #[arg(default = ["a"])] tags: &[String],
    #[arg(default)]
    #[arg(rename = "sortBy")]
    #[allow(unused)]
    sort: Sort,
) -> Vec<Order> {
    db.orders()
}
