use agent_core::tool;

struct Point {
    x: f64,
}

/// Make a point.
#[tool(pure)]
async fn point(x: f64) -> Option<Point> {
    Some(Point { x: x + Point { x }.x })
}

fn main() {}
