//! Which calls may run: the only place that makes permits.

use crate::error::nearest;
use crate::tool::context::ToolContext;
use crate::tool::meta::CallFuture;
use crate::toolset::{Bound, Toolset};
use crate::transcript::SharedText;

/// Leave to run one call of this tool; nothing runs without one.
pub(crate) struct Permit<'a> {
    tool: &'a Bound,
}

impl<'a> Permit<'a> {
    pub(crate) fn tool(&self) -> &'a Bound {
        self.tool
    }

    /// Makes the call; it begins when it is polled.
    pub(crate) fn call(self, text: SharedText, call: Option<ToolContext>) -> CallFuture {
        self.tool.call(text, call)
    }
}

/// Decides over a call; a refusal is the text that the model reads.
pub(crate) fn decide<'a>(toolset: &'a Toolset, name: &str) -> Result<Permit<'a>, String> {
    match toolset.find(name) {
        Some(tool) => Ok(Permit { tool }),
        None => Err(unknown(toolset, name)),
    }
}

fn unknown(toolset: &Toolset, name: &str) -> String {
    const MOST: usize = 30;
    let shown = crate::json::excerpt(name, 40);
    let mut names: Vec<_> = toolset.names().take(MOST).map(|name| format!("`{name}`")).collect();
    if toolset.names().len() > MOST {
        names.push(format!("and {} more", toolset.names().len() - MOST));
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
