use agent_core::{tool, tools};

/// Read a file.
#[tool(read)]
fn read(path: String) -> String {
    path
}

/// Read a page.
#[tool(read, name = "read")]
fn fetch(url: String) -> String {
    url
}

fn main() {
    let _ = tools![read, fetch];
}
