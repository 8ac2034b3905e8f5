use agent_core::tool;

#[derive(serde::Deserialize)]
struct Point {
    x: f64,
}

/// Where a point is.
#[tool(pure)]
fn place(point: Point) -> f64 {
    point.x
}

fn main() {}
