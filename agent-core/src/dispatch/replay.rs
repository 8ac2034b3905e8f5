//! Results of reads that finished in an attempt that failed, for the same calls of the next one.

use serde_json::Value;
use std::collections::HashMap;

use crate::dispatch::over::Over;
use crate::tool::arguments::read_once;
use crate::transcript::{CallStatus, ToolCall};

/// Finished reads, by tool and arguments.
#[derive(Default)]
pub(crate) struct ReplayCache(HashMap<String, Vec<Over>>);

impl ReplayCache {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn add(&mut self, call: &ToolCall, over: Over) {
        if over.result.status() == CallStatus::Completed {
            self.0.entry(key(call)).or_default().push(over);
        }
    }

    /// The result of a finished call with the same tool and arguments. Each serves one call.
    pub(super) fn take(&mut self, call: &ToolCall) -> Option<Over> {
        if self.0.is_empty() {
            return None;
        }
        Some(self.0.get_mut(&key(call))?.pop()?.of(call))
    }

    pub(crate) fn extend(&mut self, other: Self) {
        for (key, calls) in other.0 {
            self.0.entry(key).or_default().extend(calls);
        }
    }
}

/// Tool and arguments, with the members of objects in order and nothing between them; as they were
/// written where readers could see different values.
fn key(call: &ToolCall) -> String {
    let arguments = read_once(call.arguments()).ok().filter(is_exact);
    let arguments = arguments.map_or_else(|| call.arguments().to_owned(), |all| all.to_string());
    format!("{}\n{arguments}", call.name())
}

/// Whether all numbers are whole ones that were read without loss.
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.is_f64(),
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(members) => members.values().all(is_exact),
        _ => true,
    }
}
