//! Visits the members of a JSON object.

use serde::de::IgnoredAny;

use super::{json_path, scan};

/// Calls `member` with each argument's name and the text that begins with its value, until it
/// returns `false`.
pub(crate) fn each_argument<'de>(
    text: &'de str,
    mut member: impl FnMut(&str, &'de str) -> bool,
) -> Result<(), String> {
    let malformed = |rest: &str, wanted: &str| {
        let at = text.len() - rest.len();
        format!("not a JSON object: expected {wanted} at byte {at}")
    };
    let Some(mut rest) = scan::after(text, '{') else {
        return if scan::nothing(text).is_some() { Ok(()) } else { Err(malformed(text, "`{`")) };
    };
    if let Some(end) = scan::after(rest, '}') {
        return scan::blank(end).ok_or_else(|| malformed(end, "its end"));
    }
    loop {
        let (name, tail) = scan::key(rest).ok_or_else(|| malformed(rest, "a name in quotes"))?;
        let value = scan::trimmed(scan::after(tail, ':').ok_or_else(|| malformed(tail, "`:`"))?);
        let length = extent(value)
            .map_err(|at| malformed(value.get(at..).unwrap_or_default(), "valid JSON"))?;
        if !member(&name, value) {
            return Ok(());
        }
        rest = value.get(length..).unwrap_or_default();
        if let Some(next) = scan::after(rest, ',') {
            rest = next;
            continue;
        }
        let end = scan::after(rest, '}').ok_or_else(|| malformed(rest, "`,` or `}`"))?;
        return scan::blank(end).ok_or_else(|| malformed(end, "its end"));
    }
}

/// The length in bytes of the value at the start of a text, or the byte at which it is malformed.
fn extent(text: &str) -> Result<usize, usize> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => Ok(values.byte_offset()),
        Some(Err(error)) => {
            Err(json_path::offset(text, error.line(), error.column()).saturating_sub(1))
        }
        None => Err(text.len()),
    }
}
