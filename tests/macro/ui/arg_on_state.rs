use agent_core::tool;

struct Db;

/// Count the rows.
#[tool(read)]
fn count(#[arg(description = "the database")] db: &Db) -> usize {
    size_of_val(db)
}

fn main() {}
