use agent_core::State;

#[derive(State)]
enum App {
    Small,
}

fn main() {
    let _ = App::Small;
}
