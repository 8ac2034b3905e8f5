//! Examples, one file each, in `examples/`: `cargo run --example weather`, `compare`, `files`.
