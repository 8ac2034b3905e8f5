//! The tokens of a JSON text.

use std::borrow::Cow;

/// Accepts an empty text, which models send for a call without arguments, and `null`, which some
/// servers send.
pub(crate) fn nothing(text: &str) -> Option<()> {
    let text = trimmed(text);
    blank(text.strip_prefix("null").unwrap_or(text))
}

/// Reads a member's name and returns the text after it.
pub(crate) fn key(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let open = trimmed(text);
    let inner = open.strip_prefix('"')?;
    let end = inner.bytes().position(|byte| matches!(byte, b'"' | b'\\'))?;
    if let (Some(name), Some(tail)) = (inner.get(..end), inner.get(end..)?.strip_prefix('"')) {
        return Some((Cow::Borrowed(name), tail));
    }
    let mut names = serde_json::Deserializer::from_str(open).into_iter::<String>();
    let name = names.next()?.ok()?;
    Some((Cow::Owned(name), open.get(names.byte_offset()..)?))
}

/// Returns the text after the next character, if it is this one.
#[inline]
pub(crate) fn after(text: &str, character: char) -> Option<&str> {
    trimmed(text).strip_prefix(character)
}

/// Skips the blanks at the start of a text. JSON has four kinds of blanks; ASCII has more.
#[inline]
pub(crate) fn trimmed(text: &str) -> &str {
    // Most texts have none.
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\t' | b'\r');
    if !text.as_bytes().first().is_some_and(is_blank) {
        return text;
    }
    text.get(text.as_bytes().iter().take_while(|byte| is_blank(byte)).count()..).unwrap_or_default()
}

pub(crate) fn blank(text: &str) -> Option<()> {
    trimmed(text).is_empty().then_some(())
}
