use agent_core::{State, tool, tools};

struct Notes(Vec<String>);

#[derive(State)]
struct App {
    notes: Notes,
}

/// Take a note.
#[tool]
fn note(notes: &mut Notes, text: String) {
    notes.0.push(text);
}

fn main() {
    let _ = tools![note].with_state(App { notes: Notes(Vec::new()) });
}
