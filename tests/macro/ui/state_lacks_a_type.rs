use agent_core::{tool, tools};

struct Db;
struct Config;

/// Count the rows.
#[tool(read)]
fn count(db: &Db) -> usize {
    size_of_val(db)
}

fn main() {
    let _ = tools![count].with_state(Config);
}
