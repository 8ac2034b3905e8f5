use agent_core::{Toolset, tool, tools};

struct Db;

/// Count the rows.
#[tool]
fn count(db: &Db) -> usize {
    size_of_val(db)
}

fn main() {
    let _ = Toolset::from(tools![count]);
}
