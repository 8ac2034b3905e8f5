use agent_core::tool;

/// What is at this distance.
#[tool(read(shelf = meters))]
fn look(meters: f64) -> String {
    format!("nothing at {meters} m")
}

fn main() {}
