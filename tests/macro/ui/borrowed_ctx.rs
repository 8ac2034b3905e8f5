use agent_core::{ToolContext, Toolset, tool, tools};

/// Greet.
#[tool(pure)]
fn greet(ctx: &ToolContext) -> String {
    ctx.id().to_owned()
}

fn main() {
    let _ = Toolset::from(tools![greet]);
}
