use agent_core::tool;

/// Add two numbers.
#[tool(pure, inline)]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

fn main() {}
