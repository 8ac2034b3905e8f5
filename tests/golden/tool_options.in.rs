/// For the reader of the code.
#[tool(
    write,
    timeout = "2m",
    name = "delete-customer",
    title = "Delete a customer",
    description = "For the model."
)]
fn delete(id: u64) -> io::Result<()> {
    fs::remove_file(path(id))
}

/// Through a re-export.
#[tool(read, crate = sdk::core, timeout = "500ms")]
async fn ping(db: &Db) -> bool {
    db.ping().await
}

/// Empty a folder.
#[tool(destructive, write(file = folder), max_concurrent = 1, solo)]
async fn empty(folder: PathBuf) -> io::Result<()> {
    files::empty(folder).await
}
