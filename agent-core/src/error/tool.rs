use std::error::Error;
use std::fmt;

use super::BoxError;

/// An error of a tool that says more than "failed".
///
/// Any error converts into it, so `?` works in a tool that returns `Result<_, ToolError>`.
/// It means what it says only where the tool returns it as itself: in another error type (a
/// `Box<dyn Error>`, `anyhow`) there is room for its [source](Self::into_source) alone.
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
    /// The call failed; the model reads the error's text and the run goes on.
    #[must_use]
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self { kind: ToolErrorKind::Failed, source: error.into() }
    }

    /// The call failed because of what the model asked for; it is told to correct the call.
    #[must_use]
    pub fn retry(error: impl Into<BoxError>) -> Self {
        Self { kind: ToolErrorKind::Retry, source: error.into() }
    }

    /// The run cannot go on: its other calls are stopped, and it returns this error.
    ///
    /// The error of a call that [began early](crate::Agent::eager_calls) waits for the end of the model's
    /// answer, which voids it if it fails.
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

    /// Takes the error out, to put it into another error type: it is a plain error there.
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
