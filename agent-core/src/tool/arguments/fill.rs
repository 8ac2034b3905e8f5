use super::Fill;
use crate::json::scan::{after, blank, key, nothing, trimmed};

/// Walks `{"name": value, ..}` once and hands each value's text to its slot.
///
/// `None` means a fault somewhere; nothing is said about it here, because this is the hot path.
pub(crate) fn object<'de>(text: &'de str, slots: &mut [&mut dyn Fill<'de>]) -> Option<()> {
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
