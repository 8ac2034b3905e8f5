use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::json::members::each_argument;
use crate::json::{excerpt, json_path};
use crate::schema::Described;

/// The faults in the arguments of a call.
///
/// Its text is for the model: it names each argument and what was expected, and quotes only a
/// short, escaped part of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Faults {
    faults: Vec<String>,
    arguments: String,
}

/// The most faults that are listed; a response can hold a million unknown arguments.
const MOST: usize = 20;

/// The most characters that are quoted of a value or name.
const QUOTE: usize = 40;

impl Faults {
    pub(crate) fn one(fault: impl Into<String>) -> Self {
        Self { faults: vec![fault.into()], arguments: String::new() }
    }

    pub(crate) fn is_none(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.faults.join("; "))?;
        f.write_str(&self.arguments)
    }
}

impl std::error::Error for Faults {}

/// Reads the arguments again, one by one, and lists their faults.
pub(crate) fn find(text: &str, expected: &[Described]) -> Faults {
    let mut seen = vec![false; expected.len()];
    let mut faults = Vec::new();
    let whole = each_argument(text, |name, value| {
        let mut known = expected.iter().zip(&mut seen);
        faults.extend(match known.find(|(arg, _)| arg.name == name && !arg.given) {
            None => Some(unknown(name, expected)),
            Some((_, true)) => Some(format!("`{name}`: given twice")),
            Some((arg, seen)) => {
                *seen = true;
                ill_typed(arg, value)
            }
        });
        faults.len() < MOST
    });
    match whole {
        Err(problem) => faults.push(problem),
        Ok(()) => faults.extend(missing(expected, &seen)),
    }
    Faults { faults, arguments: listed(expected) }
}

fn missing(expected: &[Described], seen: &[bool]) -> Vec<String> {
    let absent =
        expected.iter().zip(seen).filter(|(arg, seen)| !**seen && !arg.optional && !arg.given);
    absent.map(|(arg, _)| format!("`{}`: missing", arg.name)).collect()
}

fn unknown(name: &str, expected: &[Described]) -> String {
    let names = expected.iter().filter(|arg| !arg.given).map(|arg| arg.name);
    let hint = match crate::error::nearest(name, names) {
        Some(name) => format!(" (did you mean `{name}`?)"),
        None => String::new(),
    };
    format!("`{}`: unknown argument{hint}", excerpt(name, QUOTE))
}

fn ill_typed(arg: &Described, value: &str) -> Option<String> {
    // The check drops the value, which is code of the user. Values of the first reading are dropped after
    // this one: a panic that left here would meet theirs, and end the process.
    let error = match catch_unwind(AssertUnwindSafe(|| (arg.check)(value))) {
        Ok(checked) => checked.err()?,
        Err(panic) => {
            // A payload can panic when it is dropped too, so it is leaked.
            std::mem::forget(panic);
            return Some(format!("`{}`: its type panicked", arg.name));
        }
    };
    let inside = json_path::path(value, json_path::offset(value, error.line(), error.column()));
    let dot = if inside.is_empty() || inside.starts_with('[') { "" } else { "." };
    Some(format!("`{}{dot}{inside}`: {}", arg.name, problem(&error)))
}

/// The text of a serde error, without its position and with long quotes shortened.
fn problem(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    if text.ends_with(&position) {
        text.truncate(text.len() - position.len());
    }
    shorten(&text)
}

/// Shortens what serde quotes whole: values in `"` (escaped) and names in backticks (not escaped).
fn shorten(text: &str) -> String {
    const MOST: usize = 240;
    let mut short = String::new();
    let mut rest = text;
    while let Some(open) = rest.find(['"', '`']) {
        let (before, quoted) = rest.split_at(open);
        let Some(end) = closing(quoted) else { break };
        let (quoted, after) = quoted.split_at(end + 1);
        let mark = quoted.get(..1).unwrap_or_default();
        let inner = quoted.get(1..end).unwrap_or_default();
        for part in [&excerpt(before, MOST), mark, &excerpt(inner, QUOTE), mark] {
            short += part;
        }
        rest = after;
    }
    short += &excerpt(rest, MOST);
    excerpt(&short, MOST)
}

fn closing(quoted: &str) -> Option<usize> {
    let mark = quoted.as_bytes().first()?;
    // A name can contain backticks; the last one before serde's own words closes it.
    if let (b'`', Some(end)) = (mark, quoted.rfind("`, expected").filter(|end| *end > 0)) {
        return Some(end);
    }
    let mut escaped = false;
    let inner = quoted.bytes().enumerate().skip(1);
    let mut ends = inner.filter(|(_, byte)| {
        let end = byte == mark && !escaped;
        escaped = *byte == b'\\' && !escaped && *mark == b'"';
        end
    });
    ends.next().map(|(at, _)| at)
}

fn listed(expected: &[Described]) -> String {
    let names = expected.iter().filter(|arg| !arg.given);
    let names = names.map(|arg| format!("`{}`{}", arg.name, if arg.optional { "?" } else { "" }));
    match names.collect::<Vec<_>>() {
        names if names.is_empty() => ". It takes no arguments".to_owned(),
        names => format!(". Arguments: {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_short_and_escaped() {
        let secret = "k".repeat(100);
        let text = shorten(&format!("invalid type: string \"{secret}\", expected u32"));
        assert_eq!(text, format!("invalid type: string \"{}…\", expected u32", "k".repeat(40)));
        assert_eq!(
            shorten("unknown variant `a\nb`, expected `c`"),
            "unknown variant `a\\nb`, expected `c`"
        );
        assert!(shorten(&"`".repeat(999)).chars().count() <= 241);
        let long = "v".repeat(100);
        let text = shorten(&format!("unknown variant `a`{long}`, expected `b` or `c`"));
        let short = "v".repeat(38);
        assert_eq!(text, format!("unknown variant `a`{short}…`, expected `b` or `c`"));
    }
}
