use agent_core::tool;

struct Notes(Vec<String>);
type Archive = Notes;

/// Copy a note.
#[tool]
fn copy(from: &Notes, to: &mut Archive) {
    to.0.extend(from.0.last().cloned());
}

fn main() {}
