//! Examples, one file each, in `examples/`: `cargo run --example race`, `orders`, `weather`, `compare`,
//! `files`.
