use agent_core::State;

#[derive(State)]
struct App {
    #[lend(never)]
    name: String,
}

fn main() {
    let _ = App { name: String::new() }.name;
}
