use agent_core::{Toolset, tool, tools};

struct Db;

/// Count the rows.
#[tool(read)]
fn count(db: &Db) -> usize {
    size_of_val(db)
}

fn main() {
    let _ = Toolset::from(tools![count]);
}
