use agent_core::{tool, tools};

struct Db;
struct Cache;
struct Config;

/// Count the rows.
#[tool(read)]
fn count(db: &Db, cache: &Cache) -> usize {
    size_of_val(db) + size_of_val(cache)
}

fn main() {
    let _ = tools![count].with_state(Config);
}
