/// Still a function, and a tool that compiles.
#[tool(reads)]
#[cfg(unix)]
fn read(db: &Db, /** Which. */ #[arg(default)] path: PathBuf) -> String {
    String::new()
}

/// A struct of this name would hide a type.
#[tool(pure)]
fn char(code: u32) -> String {
    String::new()
}

/// It declares nothing, and is still a function.
#[tool]
fn silent(path: PathBuf) -> usize {
    0
}
