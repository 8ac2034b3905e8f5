//! Errors of tools, of models and of runs.

use std::error::Error;
use std::fmt;

type BoxError = Box<dyn Error + Send + Sync>;

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

/// The model could not be asked, or did not answer.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ModelError {
    message: String,
    #[source]
    source: Option<BoxError>,
}

impl ModelError {
    /// An error with a text for the host.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// Adds the error that caused it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }
}

/// The name that was probably meant.
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    let name: String = name.chars().take(LONGEST).collect::<String>().to_lowercase();
    let near =
        names.map(|known| (strsim::damerau_levenshtein(&name, &known.to_lowercase()), known));
    let (distance, known) = near.min()?;
    (distance * 3 <= known.chars().count()).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_offered_if_it_is_near() {
        let names = ["search", "read_file", "add"];
        assert_eq!(nearest("serach", names.into_iter()), Some("search"));
        assert_eq!(nearest("readfile", names.into_iter()), Some("read_file"));
        assert_eq!(nearest("Search", names.into_iter()), Some("search"));
        assert_eq!(nearest("delete", names.into_iter()), None);
        assert_eq!(nearest("x", [].into_iter()), None);
    }
}
