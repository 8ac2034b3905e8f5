use agent_core::tool;

#[tool(read)]
fn read(path: String) -> String {
    path
}

fn main() {}
