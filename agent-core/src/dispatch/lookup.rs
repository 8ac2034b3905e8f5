//! Which tool a call names.

use crate::error::nearest;
use crate::json::excerpt;
use crate::toolset::Toolset;

/// As many names of tools are listed for a call that names none of them.
const MOST_NAMES: usize = 30;

/// The answer to a call of a tool that does not exist.
pub(super) fn unknown(toolset: &Toolset, name: &str) -> String {
    let shown = excerpt(name, 40);
    let mut names: Vec<_> =
        toolset.names().take(MOST_NAMES).map(|name| format!("`{name}`")).collect();
    if toolset.names().len() > MOST_NAMES {
        names.push(format!("and {} more", toolset.names().len() - MOST_NAMES));
    }
    let hint = match nearest(name, toolset.names()) {
        Some(name) => format!("; did you mean `{name}`?"),
        None if name.ends_with("parallel") => {
            "; make several calls in one response instead, they run together.".to_owned()
        }
        None => ".".to_owned(),
    };
    match names.is_empty() {
        true => format!("there is no tool `{shown}`, nor any other"),
        false => format!("there is no tool `{shown}`{hint} Tools: {}", names.join(", ")),
    }
}
