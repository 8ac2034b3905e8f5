//! The conversation: user input, the model's responses, and the results of their tool calls.

mod block;
mod call;
pub(crate) mod label;
mod message;
mod origin;
pub(crate) mod other;
mod part;
mod response;
mod result;
mod saved;
mod text;
#[expect(clippy::module_inception, reason = "the type of this file is `Transcript`")]
mod transcript;
mod turn;

pub use block::{Content, ContentBlock};
pub use call::ToolCall;
pub use message::Message;
pub use origin::{Origin, Usage};
pub(crate) use part::More;
pub use part::{Input, Media, MediaSource, Part};
pub use response::{Response, StopReason};
pub use result::{CallStatus, ToolResult};
pub use saved::InvalidTranscript;
pub(crate) use text::SharedText;
pub use transcript::Transcript;
pub(crate) use turn::Turn;
