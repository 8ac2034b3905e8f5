use agent_core::tool;

struct Point {
    x: f64,
}

/// Where points are.
#[tool(pure)]
fn place(points: &[Point]) -> f64 {
    points.iter().map(|point| point.x).sum()
}

fn main() {}
