/// Still a function, and a tool that compiles.
#[tool(reads)]
#[cfg(unix)]
fn read(db: &Db, /** Which. */ #[arg(default)] path: PathBuf) -> String {
    String::new()
}

/// A struct of this name would hide a type.
#[tool]
fn char(code: u32) -> String {
    String::new()
}
