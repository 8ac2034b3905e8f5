use agent_core::tool;

/// Measure a distance.
#[tool(pure)]
fn distance((x, y): (f64, f64)) -> f64 {
    x.hypot(y)
}

fn main() {}
