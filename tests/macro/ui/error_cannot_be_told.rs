use agent_core::tool;

struct Failure;

/// Fail.
#[tool(pure)]
fn fail(x: f64) -> Result<f64, Failure> {
    if x < 0.0 { Err(Failure) } else { Ok(x) }
}

fn main() {}
