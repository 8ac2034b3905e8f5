//! Answers of the Messages API that come in events: what is told of them while they come, and the
//! response in the end, however the bytes are cut and whatever goes wrong.

mod faults;
mod hostile;
mod runs;
mod same;
mod source;
mod splits;
mod stalls;
