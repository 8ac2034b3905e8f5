use serde_json::value::RawValue;

use crate::json::excerpt;
use crate::json::members::each_argument;

/// The most arguments that a label shows.
const MOST_VALUES: usize = 6;

/// A tool's name with the beginning of a call's arguments, such as `read(a.md)`.
pub(crate) fn label(name: &str, arguments: &str) -> String {
    let mut values = Vec::new();
    let whole = each_argument(arguments, |_, value| {
        values.push(short(value));
        values.len() < MOST_VALUES
    });
    if whole.is_err() {
        values = vec![excerpt(arguments, 12)];
    }
    format!("{}({})", excerpt(name, 24), values.join(", "))
}

/// Shortens the JSON value at the start of a text.
fn short(value: &str) -> String {
    let mut values = serde_json::Deserializer::from_str(value).into_iter::<&RawValue>();
    let Some(Ok(value)) = values.next() else { return String::new() };
    match serde_json::from_str::<String>(value.get()) {
        Ok(text) => excerpt(&text, 16),
        Err(_) => excerpt(value.get(), 12),
    }
}
