/// Read a file.
///
///     an example
///
/// Paths are relative.
///
#[tool(read)]
#[doc(alias = "cat")]
fn read(#[doc = include_str!("path.md")] path: PathBuf) -> io::Result<String> {
    fs::read_to_string(path)
}

/// Before.
#[doc = include_str!("write.md")]
/// After.
#[tool(write)]
fn write(/** A block
 of two lines. */ path: PathBuf) {}
