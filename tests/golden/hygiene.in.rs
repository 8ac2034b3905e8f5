/// All names of the expansion are free.
#[tool]
async fn a0(cx: &S, s0: &mut Tool, a0: u8, a1: &str) {}

/// A type parameter of ours that is the tool, and a type of its signature.
#[tool]
fn __S(a: &mut __S_, b: u8) {}
