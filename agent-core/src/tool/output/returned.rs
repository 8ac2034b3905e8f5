//! Converts the return value of a tool's function, by its type and not by the spelling of that
//! type.

use serde::Serialize;
use std::cell::Cell;
use std::error::Error;
use std::ops::Deref;

use super::tool_output::ToolOutput;
use crate::error::ToolError;

/// The return value of a function, to be converted by method resolution:
/// `Returned::new(x).__agent_core_convert()`.
///
/// A `Result`, through any alias and with any error, has a method of its own type, so an error is
/// never sent as a success. All other types find the method of `Plain` through `Deref`.
pub struct Returned<T>(Plain<T>);

/// A returned value that is not a `Result`.
pub struct Plain<T>(Cell<Option<T>>);

impl<T> Returned<T> {
    /// Wraps the return value.
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
    /// The function's own error, or when the value cannot be serialised.
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

/// A value that can be sent back to the model.
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

/// An error that can be sent to the model.
#[diagnostic::on_unimplemented(
    message = "the error `{Self}` cannot be sent to the model",
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
