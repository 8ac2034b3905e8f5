use agent_core::tool;

#[tool]
fn read(path: String) -> String {
    path
}

fn main() {}
