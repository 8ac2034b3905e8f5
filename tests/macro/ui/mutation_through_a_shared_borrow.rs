use agent_core::tool;

struct Notes(Vec<String>);

/// Take a note.
#[tool(write)]
fn note(notes: &Notes, text: String) {
    notes.0.push(text);
}

fn main() {}
