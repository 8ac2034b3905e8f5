use super::list::Slots;
use std::borrow::Cow;

/// Walks `{"name": value, ..}` once and hands each value's text to its slot.
///
/// `None` means a fault somewhere; nothing is said about it here, because this is the hot path.
pub(super) fn object<'de>(text: &'de str, slots: &mut dyn Slots<'de>) -> Option<()> {
    let Some(mut rest) = after(text, '{') else {
        return nothing(text);
    };
    if let Some(end) = after(rest, '}') {
        return blank(end);
    }
    loop {
        let (name, tail) = key(rest)?;
        let value = after(tail, ':')?.trim_ascii_start();
        let length = slots.put(&name, value)?;
        rest = value.get(length..)?.trim_ascii_start();
        if let Some(next) = rest.strip_prefix(',') {
            rest = next;
        } else {
            return blank(rest.strip_prefix('}')?);
        }
    }
}

/// Models send an empty text, and some servers `null`, for a call without arguments.
pub(super) fn nothing(text: &str) -> Option<()> {
    matches!(text.trim_ascii(), "" | "null").then_some(())
}

/// A member's name, and the text after it.
pub(super) fn key(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let open = text.trim_ascii_start();
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
pub(super) fn after(text: &str, character: char) -> Option<&str> {
    text.trim_ascii_start().strip_prefix(character)
}

fn blank(text: &str) -> Option<()> {
    text.trim_ascii().is_empty().then_some(())
}
