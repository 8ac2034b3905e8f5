use agent_core::{tool, tools};

struct Db;

/// Count the rows.
#[tool(name = "count", timeout = "5s")]
async fn count_rows(db: &Db) -> usize {
    size_of_val(db)
}

fn main() {
    // The tool is still there, and what uses it does not complain as well.
    tools![count_rows].with_state(Db);
}
