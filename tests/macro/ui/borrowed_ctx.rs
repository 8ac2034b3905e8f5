use agent_core::{Ctx, Toolset, tool, tools};

/// Greet.
#[tool]
fn greet(ctx: &Ctx) -> String {
    ctx.id().to_owned()
}

fn main() {
    let _ = Toolset::from(tools![greet]);
}
