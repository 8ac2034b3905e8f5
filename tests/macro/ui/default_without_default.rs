use agent_core::tool;

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Range {
    from: u32,
}

/// Read lines.
#[tool(pure)]
fn lines(#[arg(default)] range: Range) -> u32 {
    range.from
}

fn main() {}
