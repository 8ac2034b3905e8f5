use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::part::Part;
use super::response::Response;
use super::result::ToolResult;

/// One entry of a [`Transcript`](super::Transcript).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Message {
    /// The input of the user, or of the program in the user's place.
    User(Arc<[Part]>),
    /// A response of the model.
    Assistant(Arc<Response>),
    /// The results of all calls of the response before it, in call order.
    Results(Arc<[ToolResult]>),
}

impl Message {
    /// The model's response, if this is one.
    #[must_use]
    pub fn as_response(&self) -> Option<&Response> {
        match self {
            Self::Assistant(response) => Some(response),
            _ => None,
        }
    }

    /// The results of a response's calls, if these are some.
    #[must_use]
    pub fn as_results(&self) -> Option<&[ToolResult]> {
        match self {
            Self::Results(results) => Some(results),
            _ => None,
        }
    }
}
