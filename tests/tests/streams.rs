//! Answers of the Messages API that come in events: what is told of them while they come, and the
//! response in the end, however the bytes are cut and whatever goes wrong.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

#[path = "streams/faults.rs"]
mod faults;
#[path = "streams/hostile.rs"]
mod hostile;
#[path = "streams/runs.rs"]
mod runs;
#[path = "streams/same.rs"]
mod same;
#[path = "streams/source.rs"]
mod source;
#[path = "streams/splits.rs"]
mod splits;
#[path = "streams/stalls.rs"]
mod stalls;
