/// Add two numbers.
#[tool]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// What time it is.
#[tool(read)]
pub(crate) fn now() -> String {
    clock()
}

/// Forget everything.
#[tool(read, write)]
fn forget() {}
