/// Add two numbers.
#[tool(pure)]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Multiply by what the configuration says.
#[tool(pure)]
fn scale(config: &Config, number: f64) -> f64 {
    config.factor * number
}
