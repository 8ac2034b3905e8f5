use agent_core::tool;

struct Counter {
    count: u32,
}

/// Count.
#[tool(write)]
fn count(counter: &Counter) -> u32 {
    counter.count += 1;
    counter.count
}

fn main() {}
