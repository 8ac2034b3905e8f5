use agent_core::tool;

mod search {
    pub fn quick(text: &str) -> usize {
        text.len()
    }
}

/// Search a text.
#[tool(read)]
fn search(text: String) -> usize {
    search::quick(&text)
}

fn main() {}
