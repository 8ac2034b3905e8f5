use agent_core::{State, tool, tools};

struct Db;

#[derive(State)]
struct App {
    name: String,
}

/// Count the rows.
#[tool(read)]
fn count(db: &Db, name: &String) -> usize {
    size_of_val(db) + name.len()
}

/// Add a number.
#[tool(pure)]
fn add(a: u8, b: u8) -> u8 {
    a + b
}

fn main() {
    let _ = tools![add, count].with_state(App { name: String::new() });
}
