use agent_core::State;

#[derive(State)]
struct App<'a> {
    name: &'a str,
}

fn main() {}
