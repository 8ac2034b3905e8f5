/// All names of the expansion are free.
#[tool]
async fn a0(cx: &S, s0: &mut Tool, a0: u8, a1: &str) {}
