use agent_core::{Lock, State};

struct Notes;
struct Tasks;

#[derive(State)]
struct App {
    #[lend(mut Tasks)]
    notes: Lock<Notes>,
}

fn main() {
    let _ = (Tasks, App { notes: Lock::new(Notes) }.notes);
}
