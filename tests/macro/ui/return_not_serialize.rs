use agent_core::tool;

struct Point {
    x: f64,
}

/// Make a point.
#[tool(pure)]
fn point(x: f64) -> Point {
    Point { x: x + Point { x }.x }
}

fn main() {}
