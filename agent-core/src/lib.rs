//! Write ordinary functions; a model calls them, all at once where that is safe, in its order where
//! it is not.
//!
//! `#[tool]` makes a function a tool, [`tools!`] lists the tools of an [`Agent`], and the agent runs
//! every tool call of a model's response together where what the tools declare to touch allows it.
//! Every call gets exactly one result; all results go back in one batch, in call order.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod access;
mod agent;
mod arguments;
mod context;
mod conversation;
mod dispatch;
mod error;
mod event;
mod ledger;
mod limits;
mod model;
mod outcome;
mod output;
mod policy;
mod run;
mod schema;
mod state;
pub mod testing;
mod timeline;
mod tool;
pub mod toolset;
mod transcript;

pub use access::Access;
pub use agent::Agent;
pub use agent_macros::{State, tool};
pub use context::Ctx;
pub use conversation::Conversation;
pub use error::{ModelError, ToolError};
pub use limits::Limits;
pub use model::{BoxFuture, Model, Parallel, Request};
pub use outcome::{Outcome, RunError};
pub use output::{IntoFailure, IntoOutput, Output};
pub use run::{RunErrorKind, Stop};
pub use schema::Definition;
pub use state::{Lock, NoState};
pub use testing::ScriptedModel;
pub use timeline::{CallSpan, Timeline, TurnSpan, WaitedFor};
pub use toolset::{RuntimeTool, Toolset, ToolsetError};
pub use transcript::{
    Block, BrokenTranscript, Input, Message, Response, Status, StopReason, ToolCall, ToolResult,
    Transcript, Usage, View,
};
