use agent_core::{tool, tools};

struct Notes(Vec<String>);

/// Take a note.
#[tool]
fn note(notes: &mut Notes, text: String) {
    notes.0.push(text);
}

struct Config;

fn main() {
    let _ = tools![note].with_state(Config);
}
