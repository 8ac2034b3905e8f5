use std::error::Error;
use std::fmt;

use super::chain::BoxError;

/// An error of a tool that also decides how the run continues.
///
/// Any error converts into it, so `?` works in a tool that returns `Result<_, ToolError>`. The run
/// sees the decision only if the tool's error type is `ToolError` itself: another error type (a
/// `Box<dyn Error>`, `anyhow`) can hold its [source](Self::into_source) alone.
///
/// # Examples
///
/// ```
/// use agent_core::{ToolError, tool};
///
/// /// Look up a customer.
/// #[tool(read)]
/// fn customer(id: u32) -> Result<String, ToolError> {
///     if id == 0 {
///         return Err(ToolError::retry("ids start at 1"));
///     }
///     Ok(std::fs::read_to_string(format!("customers/{id}"))?)
/// }
/// ```
#[derive(Debug)]
pub struct ToolError {
    kind: ToolErrorKind,
    source: BoxError,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToolErrorKind {
    Failed,
    Arguments,
    Retry,
    Fatal,
}

impl ToolError {
    /// The call failed. The model reads the error's text and the run continues.
    #[must_use]
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self { kind: ToolErrorKind::Failed, source: error.into() }
    }

    /// The call failed because of the model's arguments. The model is asked to correct the call.
    #[must_use]
    pub fn retry(error: impl Into<BoxError>) -> Self {
        Self { kind: ToolErrorKind::Retry, source: error.into() }
    }

    /// The run cannot continue: its other calls are stopped, and it returns this error.
    ///
    /// If the call [started eagerly](crate::Agent::eager_calls), the run ends after the model's
    /// answer is complete; an answer that fails voids the call and its error.
    #[must_use]
    pub fn fatal(error: impl Into<BoxError>) -> Self {
        Self { kind: ToolErrorKind::Fatal, source: error.into() }
    }

    pub(crate) fn arguments(faults: impl Into<BoxError>) -> Self {
        Self { kind: ToolErrorKind::Arguments, source: faults.into() }
    }

    pub(crate) fn kind(&self) -> ToolErrorKind {
        self.kind
    }

    /// Returns the source, to wrap it in another error type. Its meaning for the run is lost.
    #[must_use]
    pub fn into_source(self) -> BoxError {
        self.source
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

// `ToolError` is no `Error` itself, so that this does not overlap with `From<T> for T`.
impl<E: Error + Send + Sync + 'static> From<E> for ToolError {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}
