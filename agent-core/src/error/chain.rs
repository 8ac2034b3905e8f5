use std::error::Error;
use std::fmt;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// Writes an error's text with those of its sources, in one line.
pub(crate) fn with_sources(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    let mut source = error.source();
    while let Some(error) = source {
        write!(f, ": {error}")?;
        source = error.source();
    }
    Ok(())
}
