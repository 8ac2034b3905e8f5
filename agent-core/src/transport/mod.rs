//! Transports of requests and answers: over HTTP, into a recording, and from one.

mod body;
mod client;
mod compare;
mod exchange;
mod fetch;
mod record;
mod replay;
mod secrets;
mod timeouts;
#[expect(clippy::module_inception, reason = "the trait of this file is `Transport`")]
mod transport;

pub use body::Body;
pub use client::Http;
pub(crate) use fetch::{Pieces, fetch, is_event_stream, whole};
pub use record::Recorder;
pub use replay::Replayer;
pub(crate) use secrets::Secrets;
pub use timeouts::Timeouts;
pub use transport::Transport;
