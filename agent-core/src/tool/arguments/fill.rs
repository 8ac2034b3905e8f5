use super::erased::Fill;
use crate::json::scan::{after, blank, key, nothing, trimmed};

/// Scans `{"name": value, ..}` once and passes the text of each value to its slot.
///
/// `None` is a fault. This is the hot path, so a second pass (`fault::find`) describes it.
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
