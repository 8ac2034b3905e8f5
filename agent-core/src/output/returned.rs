//! What a tool's function returned, judged by its type and not by how that is spelled.

use serde::Serialize;
use std::cell::Cell;
use std::convert::Infallible;
use std::error::Error;

use super::Output;
use crate::error::ToolError;

/// Turns what the function returned into a tool's result: an expression, judged by its type.
///
/// A `Result`, through any alias, is split first; each half then takes the first way that fits it.
#[doc(hidden)]
#[macro_export]
macro_rules! __returned {
    ($returned:expr) => {{
        use $crate::__private::via::*;
        match (&&Ret::new($returned)).split() {
            ::core::result::Result::Ok(value) => (&&&Ret::new(value)).output(),
            ::core::result::Result::Err(error) => {
                ::core::result::Result::Err((&&&Ret::new(error)).failure())
            }
        }
    }};
}

/// A returned value on its way through method resolution, which prefers the type with more `&`.
pub struct Ret<T>(Cell<Option<T>>);

impl<T> Ret<T> {
    /// Wraps what was returned.
    pub fn new(value: T) -> Self {
        Self(Cell::new(Some(value)))
    }

    #[expect(clippy::expect_used, reason = "the macro above takes each value once")]
    fn take(&self) -> T {
        self.0.take().expect("a returned value is taken once")
    }
}

/// First: a `Result` is split, whatever its error is, so that no error goes out as a success.
pub trait SplitResult {
    #[doc(hidden)]
    type Value;
    #[doc(hidden)]
    type Error;
    #[doc(hidden)]
    fn split(&self) -> Result<Self::Value, Self::Error>;
}

impl<T, E> SplitResult for &Ret<Result<T, E>> {
    type Value = T;
    type Error = E;
    fn split(&self) -> Result<T, E> {
        self.take()
    }
}

/// Else: everything is a success.
pub trait SplitPlain {
    #[doc(hidden)]
    type Value;
    #[doc(hidden)]
    fn split(&self) -> Result<Self::Value, Infallible>;
}

impl<T> SplitPlain for Ret<T> {
    type Value = T;
    fn split(&self) -> Result<T, Infallible> {
        Ok(self.take())
    }
}

/// A value: an `Output` or a string as it is,
pub trait ViaOutput {
    #[doc(hidden)]
    fn output(&self) -> Result<Output, ToolError>;
}

impl ViaOutput for &&Ret<Output> {
    fn output(&self) -> Result<Output, ToolError> {
        Ok(self.take())
    }
}

/// else what serialises,
pub trait ViaSerialize {
    #[doc(hidden)]
    fn output(&self) -> Result<Output, ToolError>;
}

impl ViaOutput for &&Ret<String> {
    fn output(&self) -> Result<Output, ToolError> {
        Ok(Output::text(self.take()))
    }
}

impl<T: Serialize> ViaSerialize for &Ret<T> {
    #[inline]
    fn output(&self) -> Result<Output, ToolError> {
        Output::of(&self.take()).map_err(ToolError::new)
    }
}

/// else nothing: the bound fails with the message that helps.
///
/// It stands on the method, because method resolution would judge one on the impl by itself.
pub trait ViaNone {
    #[doc(hidden)]
    type Value;
    #[doc(hidden)]
    fn output(&self) -> Result<Output, ToolError>
    where
        Self::Value: IntoOutput;
}

impl<T> ViaNone for Ret<T> {
    type Value = T;
    fn output(&self) -> Result<Output, ToolError>
    where
        T: IntoOutput,
    {
        self.take().into_output()
    }
}

/// What can be sent back to the model.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent back to the model",
    label = "a tool returns something that implements `Serialize`, or a `Result` of it",
    note = "derive `serde::Serialize` for it"
)]
pub trait IntoOutput {
    #[doc(hidden)]
    fn into_output(self) -> Result<Output, ToolError>;
}

/// An error: a `ToolError` as it is,
pub trait ViaToolError {
    #[doc(hidden)]
    fn failure(&self) -> ToolError;
}

impl ViaToolError for &&Ret<ToolError> {
    fn failure(&self) -> ToolError {
        self.take()
    }
}

/// else what can be boxed as an error,
pub trait ViaError {
    #[doc(hidden)]
    fn failure(&self) -> ToolError;
}

impl<E: Into<Box<dyn Error + Send + Sync>>> ViaError for &Ret<E> {
    fn failure(&self) -> ToolError {
        ToolError::new(self.take())
    }
}

/// else nothing: the bound fails with the message that helps.
pub trait ViaNoError {
    #[doc(hidden)]
    type Error;
    #[doc(hidden)]
    fn failure(&self) -> ToolError
    where
        Self::Error: IntoFailure;
}

impl<E> ViaNoError for Ret<E> {
    type Error = E;
    fn failure(&self) -> ToolError
    where
        E: IntoFailure,
    {
        self.take().into_failure()
    }
}

/// What can be told to the model as an error.
#[diagnostic::on_unimplemented(
    message = "the error `{Self}` cannot be told to the model",
    label = "a tool's error converts into `Box<dyn Error + Send + Sync>`",
    note = "implement `std::error::Error` for it, or return a `String`, an `anyhow::Error` or a `ToolError`"
)]
pub trait IntoFailure {
    #[doc(hidden)]
    fn into_failure(self) -> ToolError;
}
