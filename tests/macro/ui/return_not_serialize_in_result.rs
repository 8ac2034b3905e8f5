use agent_core::tool;

use std::io;

struct Point {
    x: f64,
}

/// Make a point.
#[tool(pure)]
fn point(x: f64) -> Result<Point, io::Error> {
    Ok(Point { x: x + Point { x }.x })
}

fn main() {}
