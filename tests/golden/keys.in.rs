/// Read a text file.
#[tool(read(file = path))]
fn read(path: PathBuf) -> io::Result<String> {
    fs::read_to_string(path)
}

/// Replace a text in some files.
#[tool(write(file = paths, log = ctx.id()), read("users"))]
async fn replace(ctx: ToolContext, log: &Log, paths: &[PathBuf], old: &str, mut new: Cow<'_, str>) {
    log.replaced(paths, old, &mut new).await
}

/// Move money from one account to another.
#[tool(write(account = from.0, account = to), read)]
fn transfer(from: Account, to: &str, #[arg(default = 1)] cents: u64) -> Result<u64, BankError> {
    bank::transfer(from.0, to, cents)
}

/// Empty the outbox.
#[tool(write("outbox", file = OUTBOX))]
fn send_all() -> usize {
    outbox::send_all()
}
