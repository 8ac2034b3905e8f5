use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::text::SharedText;

/// A model's request to run one tool.
///
/// Cloning shares the texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    pub(super) id: Arc<str>,
    name: Arc<str>,
    arguments: SharedText,
}

impl ToolCall {
    /// A call of the tool `name` with the JSON text of its arguments.
    #[must_use]
    pub fn new(
        id: impl Into<Arc<str>>,
        name: impl Into<Arc<str>>,
        arguments: impl Into<Arc<str>>,
    ) -> Self {
        Self::with_shared(id.into(), name.into(), SharedText::Whole(arguments.into()))
    }

    pub(crate) fn with_shared(id: Arc<str>, name: Arc<str>, arguments: SharedText) -> Self {
        Self { id, name, arguments }
    }

    /// The id that pairs the call with its result; unique within its response.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name of the tool, as the model wrote it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The JSON text of the arguments, exactly as the model wrote it (it may be malformed).
    #[must_use]
    pub fn arguments(&self) -> &str {
        &self.arguments
    }

    pub(crate) fn shared_id(&self) -> Arc<str> {
        self.id.clone()
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        self.name.clone()
    }

    pub(crate) fn shared_arguments(&self) -> SharedText {
        self.arguments.clone()
    }
}
