//! How a call ended, in words for the model.

use std::any::Any;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::error::ToolErrorKind;
use crate::json::excerpt;
use crate::schema::Access;
use crate::tool::meta::ToolReturn;
use crate::transcript::{CallStatus, More, ToolCall, ToolResult};

/// How a call ended.
pub(super) struct Ending {
    status: CallStatus,
    text: String,
    more: More,
    error: Option<Arc<dyn Error + Send + Sync>>,
    fatal: bool,
}

impl Ending {
    /// The tool returned.
    pub(super) fn of(returned: ToolReturn) -> Self {
        let error = match returned {
            Ok(output) => {
                let (text, more) = output.into_parts();
                return Self { more, ..Self::new(CallStatus::Completed, text) };
            }
            Err(error) => error,
        };
        let kind = error.kind();
        let fatal = kind == ToolErrorKind::Fatal;
        let source: Arc<dyn Error + Send + Sync> = error.into_source().into();
        // `Display` is user code too. An error that cannot be displayed is still fatal.
        let text = match catch_unwind(AssertUnwindSafe(|| source.to_string())) {
            Ok(text) => text,
            Err(panic) if fatal => {
                drop_quietly(panic);
                "the error panicked when it was displayed".to_owned()
            }
            Err(panic) => {
                drop_quietly(source);
                return Self::panicked(panic);
            }
        };
        // Providers refuse an error without a text, and the model learns nothing from it.
        let text =
            if text.trim().is_empty() { "failed without a message".to_owned() } else { text };
        let text = match kind {
            ToolErrorKind::Failed | ToolErrorKind::Fatal => text,
            ToolErrorKind::Arguments => format!("invalid arguments: {text}"),
            ToolErrorKind::Retry => format!("{text}\nCorrect the call and make it again."),
        };
        Self { error: Some(source), fatal, ..Self::new(CallStatus::Failed, text) }
    }

    /// The call failed before anything of the tool ran.
    pub(super) fn failed(why: impl Into<String>) -> Self {
        Self::new(CallStatus::Failed, why.into())
    }

    /// A policy or an approver decided that the call does not run.
    pub(super) fn denied(why: &str) -> Self {
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        Self::new(CallStatus::NotRun, format!("denied{why}"))
    }

    pub(super) fn not_run(why: &str) -> Self {
        Self::new(CallStatus::NotRun, format!("not run: {why}"))
    }

    pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Self {
        let message = panic.downcast_ref::<&str>().map(|text| excerpt(text, 200));
        let message =
            message.or_else(|| panic.downcast_ref::<String>().map(|text| excerpt(text, 200)));
        drop_quietly(panic);
        let text = match message {
            Some(message) => format!("the tool panicked: {message}"),
            None => "the tool panicked".to_owned(),
        };
        Self::new(CallStatus::Failed, text)
    }

    pub(super) fn timed_out(after: Duration, access: Access) -> Self {
        let effect = effect(access);
        Self::new(CallStatus::TimedOut, format!("timed out after {after:?}{effect}"))
    }

    pub(super) fn interrupted(access: Access) -> Self {
        let effect = effect(access);
        Self::new(CallStatus::Interrupted, format!("interrupted while running{effect}"))
    }

    fn new(status: CallStatus, text: String) -> Self {
        Self { status, text, more: None, error: None, fatal: false }
    }

    pub(super) fn is_fatal(&self) -> bool {
        self.fatal
    }

    /// The error that ends the run, if this is one.
    pub(super) fn fatal(&self) -> Option<Arc<dyn Error + Send + Sync>> {
        self.error.clone().filter(|_| self.fatal)
    }

    pub(super) fn into_result(self, call: &ToolCall) -> ToolResult {
        ToolResult::new(call, self.status, self.text).and_more(self.more).with_error(self.error)
    }
}

/// The model must not take "stopped" for "did nothing".
fn effect(access: Access) -> &'static str {
    if access.may_write() { "; it may have taken effect" } else { "" }
}

/// Drops a value of the user; a panic of its `Drop` ends here.
pub(super) fn drop_quietly<T>(value: T) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        // A payload can panic when it is dropped too, so it is leaked.
        std::mem::forget(panic);
    }
}
