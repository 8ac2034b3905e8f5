use agent_core::tool;

struct Point {
    x: f64,
}

/// Where a point is.
#[tool(pure)]
fn place(name: &str, scale: f64, points: Option<Point>) -> f64 {
    points.map_or(0.0, |point| point.x) * scale * name.len() as f64
}

fn main() {}
