use agent_core::State;

#[derive(State)]
struct App {
    name: String,
    title: String,
}

fn main() {
    let app = App { name: String::new(), title: String::new() };
    let _ = (app.name, app.title);
}
