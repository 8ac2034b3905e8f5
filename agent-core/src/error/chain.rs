use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// Writes an error's text with those of its sources, in one line.
pub(crate) fn with_sources(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&text_of(error))?;
    let mut source = error.source();
    while let Some(error) = source {
        write!(f, ": {}", text_of(error))?;
        source = error.source();
    }
    Ok(())
}

/// The text of an error, whose `Display` is code of the user: where it panics, so would a program that
/// prints the end of a run.
fn text_of(error: &dyn Error) -> String {
    match catch_unwind(AssertUnwindSafe(|| error.to_string())) {
        Ok(text) => text,
        Err(panic) => {
            // A payload can panic when it is dropped too, so it is leaked.
            std::mem::forget(panic);
            "an error that cannot be displayed".to_owned()
        }
    }
}
