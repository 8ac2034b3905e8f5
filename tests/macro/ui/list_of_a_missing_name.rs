use agent_core::tools;

fn main() {
    let _ = tools![raed];
}
