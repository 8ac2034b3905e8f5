use agent_core::tool;

struct Notes(Vec<String>);

#[tool(raed, timeout = "fast")]
fn print<T>(value: T, (a, b): (u8, u8), names: Option<&str>, #[arg(default)] notes: &mut Notes) {
    notes.0.extend(names.map(|name| format!("{name} {a} {b}")));
    drop(value);
}

fn still_callable(notes: &mut Notes) {
    print("value", (1, 2), None, notes);
}

fn main() {
    still_callable(&mut Notes(Vec::new()));
}
