/// A short piece of a text from outside, on one line.
pub(crate) fn excerpt(text: &str, most: usize) -> String {
    let plain = text.chars().take(most).flat_map(|c| {
        // Control and format characters could hide or reorder what follows them.
        let hidden = c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
        let escaped = hidden.then(|| c.escape_default());
        escaped.into_iter().flatten().chain((!hidden).then_some(c))
    });
    let mut short: String = plain.collect();
    if text.chars().nth(most).is_some() {
        short.push('…');
    }
    short
}
