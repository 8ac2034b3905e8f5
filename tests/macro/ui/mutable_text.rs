use agent_core::tool;

/// Shout a text.
#[tool(pure)]
fn shout(text: &mut str) {
    text.make_ascii_uppercase();
}

fn main() {}
