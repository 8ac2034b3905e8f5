use agent_core::{Agent, ScriptedModel, tool, tools};

struct Db;

/// Count the rows.
#[tool(read)]
fn count(db: &Db) -> usize {
    size_of_val(db)
}

fn main() {
    let _ = Agent::new(ScriptedModel::new()).tools(tools![count]);
}
