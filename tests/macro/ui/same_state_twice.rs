use agent_core::tool;

struct Notes(Vec<String>);

/// Move a note.
#[tool]
fn copy(from: &mut Notes, to: &mut Notes) {
    to.0.extend(from.0.pop());
}

fn main() {}
