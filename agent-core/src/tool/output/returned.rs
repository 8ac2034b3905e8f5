//! What a tool's function returned, judged by its type and not by how that is spelled.

use serde::Serialize;
use std::cell::Cell;
use std::error::Error;
use std::ops::Deref;

use crate::error::ToolError;
use crate::tool::output::ToolOutput;

/// What a function returned, on its way through method resolution: `Returned::new(x).__agent_core_convert()`.
///
/// A `Result`, through any alias and whatever its error, has a method of its own, so that no
/// error goes out as a success. All others find that of `Plain` behind the `Deref`.
pub struct Returned<T>(Plain<T>);

/// A returned value that is no `Result`.
pub struct Plain<T>(Cell<Option<T>>);

impl<T> Returned<T> {
    /// Wraps what was returned.
    #[inline]
    pub fn new(value: T) -> Self {
        Self(Plain(Cell::new(Some(value))))
    }
}

impl<T> Deref for Returned<T> {
    type Target = Plain<T>;

    fn deref(&self) -> &Plain<T> {
        &self.0
    }
}

impl<T> Plain<T> {
    #[expect(clippy::expect_used, reason = "generated code converts each value once")]
    fn take(&self) -> T {
        self.0.take().expect("a returned value is converted once")
    }

    /// The tool's result.
    ///
    /// # Errors
    ///
    /// When the value cannot be serialised.
    #[inline]
    pub fn __agent_core_convert(&self) -> Result<ToolOutput, ToolError>
    where
        T: IntoToolOutput,
    {
        self.take().into_tool_output()
    }
}

impl<T, E> Returned<Result<T, E>> {
    /// The tool's result.
    ///
    /// # Errors
    ///
    /// What the function returned, or when the value cannot be serialised.
    #[inline]
    pub fn __agent_core_convert(&self) -> Result<ToolOutput, ToolError>
    where
        T: IntoToolOutput,
        E: IntoToolError,
    {
        match self.take() {
            Ok(value) => value.into_tool_output(),
            Err(error) => Err(error.into_tool_error()),
        }
    }
}

/// What can be sent back to the model.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent back to the model",
    label = "a tool returns something that implements `Serialize`, or a `Result` of it",
    note = "derive `serde::Serialize` for it"
)]
pub trait IntoToolOutput {
    #[doc(hidden)]
    fn into_tool_output(self) -> Result<ToolOutput, ToolError>;
}

// Without `do_not_recommend` rustc reports serde's bound instead of ours.
#[diagnostic::do_not_recommend]
impl<T: Serialize> IntoToolOutput for T {
    #[inline]
    fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
        ToolOutput::of(&self).map_err(ToolError::new)
    }
}

impl IntoToolOutput for ToolOutput {
    fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
        Ok(self)
    }
}

/// What can be told to the model as an error.
#[diagnostic::on_unimplemented(
    message = "the error `{Self}` cannot be told to the model",
    label = "a tool's error converts into `Box<dyn Error + Send + Sync>`",
    note = "implement `std::error::Error` for it, or return a `String`, an `anyhow::Error` or a `ToolError`"
)]
pub trait IntoToolError {
    #[doc(hidden)]
    fn into_tool_error(self) -> ToolError;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Box<dyn Error + Send + Sync>>> IntoToolError for E {
    fn into_tool_error(self) -> ToolError {
        ToolError::new(self)
    }
}

impl IntoToolError for ToolError {
    fn into_tool_error(self) -> ToolError {
        self
    }
}
