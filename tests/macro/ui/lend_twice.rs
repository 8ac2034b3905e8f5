use agent_core::{Lock, State};

struct Notes;

#[derive(State)]
struct App {
    #[lend(mut Notes)]
    #[lend(skip)]
    notes: Lock<Notes>,
}

fn main() {
    let _ = App { notes: Lock::new(Notes) }.notes;
}
