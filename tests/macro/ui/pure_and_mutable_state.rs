use agent_core::tool;

struct Notes(Vec<String>);

/// Take a note.
#[tool(pure)]
fn note(notes: &mut Notes, text: String) {
    notes.0.push(text);
}

fn main() {}
