//! Examples, one file or folder each, in `examples/`: `cargo run --example race`, `chat`, `orders`,
//! `weather`, `compare`, `files`.
