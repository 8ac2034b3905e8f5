use agent_core::tool;

/// A search.
#[tool]
struct Search;

fn main() {}
