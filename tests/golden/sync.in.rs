/// Add two numbers.
#[tool(pure)]
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

/// Compare two numbers, in place.
#[tool(pure, inline)]
fn larger(a: i64, b: i64) -> bool {
    a > b
}

/// Hash a file, in a body that waits for nothing but the disk.
#[tool(read(file = path), blocking, timeout = "5s")]
async fn hash(path: PathBuf) -> u64 {
    digest(path)
}
