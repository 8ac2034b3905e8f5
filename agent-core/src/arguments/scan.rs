use super::Fill;
use std::borrow::Cow;

/// Walks `{"name": value, ..}` once and hands each value's text to its slot.
///
/// `None` means a fault somewhere; nothing is said about it here, because this is the hot path.
pub(super) fn object<'de>(text: &'de str, slots: &mut [&mut dyn Fill<'de>]) -> Option<()> {
    let Some(mut rest) = after(text, '{') else {
        return nothing(text);
    };
    if let Some(end) = after(rest, '}') {
        return blank(end);
    }
    loop {
        let (name, tail) = key(rest)?;
        let value = trimmed(after(tail, ':')?);
        let slot = slots.iter_mut().find(|slot| slot.name() == name)?;
        let length = slot.put(value)?;
        rest = trimmed(value.get(length..)?);
        if let Some(next) = rest.strip_prefix(',') {
            rest = next;
        } else {
            return blank(rest.strip_prefix('}')?);
        }
    }
}

/// Models send an empty text, and some servers `null`, for a call without arguments.
pub(super) fn nothing(text: &str) -> Option<()> {
    let text = trimmed(text);
    blank(text.strip_prefix("null").unwrap_or(text))
}

/// A member's name, and the text after it.
pub(super) fn key(text: &str) -> Option<(Cow<'_, str>, &str)> {
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

/// The text after the next character, if it is this one.
#[inline]
pub(super) fn after(text: &str, character: char) -> Option<&str> {
    trimmed(text).strip_prefix(character)
}

/// The text without the blanks at its start. JSON has four; ASCII has more.
#[inline]
pub(super) fn trimmed(text: &str) -> &str {
    // Mostly there are none.
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\t' | b'\r');
    if !text.as_bytes().first().is_some_and(is_blank) {
        return text;
    }
    text.get(text.as_bytes().iter().take_while(|byte| is_blank(byte)).count()..).unwrap_or_default()
}

pub(super) fn blank(text: &str) -> Option<()> {
    trimmed(text).is_empty().then_some(())
}
