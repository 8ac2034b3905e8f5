use agent_core::State;

struct Notes;

#[derive(State)]
struct App {
    #[lend(mut Notes)]
    notes: Notes,
}

fn main() {
    let _ = App { notes: Notes }.notes;
}
