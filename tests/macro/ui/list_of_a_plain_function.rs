use agent_core::tools;

fn read(path: String) -> String {
    path
}

fn main() {
    let _ = tools![read];
}
