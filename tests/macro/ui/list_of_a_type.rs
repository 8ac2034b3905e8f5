use agent_core::{Toolset, tools};

fn main() {
    let _ = Toolset::from(tools![String]);
}
