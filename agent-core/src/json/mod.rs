//! Reads JSON texts without building values.

mod excerpt;
pub(crate) mod json_path;
pub(crate) mod members;
pub(crate) mod scan;

pub(crate) use excerpt::excerpt;
