//! The path to an error in a JSON text.

use super::excerpt::excerpt;

/// Returns the path to the value around a byte of a JSON text, such as `items[3].qty`; empty at its
/// root.
///
/// The text before that byte is well-formed, because a parser has read it.
pub(crate) fn path(text: &str, end: usize) -> String {
    let mut walk = Walk::default();
    let bytes = text.as_bytes().get(..end.min(text.len())).unwrap_or_default();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b'"' => walk.string(text, at),
            _ => walk.step(byte, at),
        };
    }
    walk.path()
}

/// Converts the line and column of a parser's error to a byte offset.
pub(crate) fn offset(text: &str, line: usize, column: usize) -> usize {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len);
    before.sum::<usize>() + column
}

/// The most characters of a path: values can be nested a hundred levels deep.
const LONGEST: usize = 200;

#[derive(Default)]
struct Walk<'a> {
    open: Vec<Level<'a>>,
}

enum Level<'a> {
    List(usize),
    Map { key: &'a str, in_value: bool },
}

impl<'a> Walk<'a> {
    fn step(&mut self, byte: u8, at: usize) -> usize {
        match (byte, self.open.last_mut()) {
            (b'[', _) => self.open.push(Level::List(0)),
            (b'{', _) => self.open.push(Level::Map { key: "", in_value: false }),
            (b']' | b'}', _) => _ = self.open.pop(),
            (b',', Some(Level::List(index))) => *index += 1,
            (b',', Some(Level::Map { in_value, .. })) => *in_value = false,
            (b':', Some(Level::Map { in_value, .. })) => *in_value = true,
            _ => {}
        }
        at + 1
    }

    fn string(&mut self, text: &'a str, open: usize) -> usize {
        let mut escaped = false;
        let inner = text.get(open + 1..).unwrap_or_default();
        let length = inner.bytes().position(|byte| {
            let end = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            end
        });
        let length = length.unwrap_or(inner.len());
        if let Some(Level::Map { key, in_value: false }) = self.open.last_mut() {
            *key = inner.get(..length).unwrap_or_default();
        }
        open + length + 2
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for level in &self.open {
            match level {
                Level::List(index) => path.extend(["[", &index.to_string(), "]"]),
                Level::Map { key: "", .. } => {}
                Level::Map { key, .. } => {
                    path += if path.is_empty() { "" } else { "." };
                    path += &excerpt(key, 40);
                }
            }
        }
        match path.char_indices().rev().nth(LONGEST) {
            Some((from, _)) => format!("..{}", path.get(from..).unwrap_or_default()),
            None => path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_value_around_a_byte() {
        let text = r#"{"items": [{"qty": 1}, {"q\"ty": "x"}], "end": 2}"#;
        let at = |needle: &str| path(text, text.find(needle).unwrap());
        assert_eq!(at("1}"), "items[0].qty");
        assert_eq!(at("\"x"), "items[1].q\\\"ty");
        assert_eq!(at("2}"), "end");
        assert_eq!(path(text, 0), "");
        assert_eq!(offset("ab\ncd", 2, 1), 4);
    }

    #[test]
    fn of_a_long_path_the_end_is_kept() {
        let text = format!("{}1", r#"{"level":"#.repeat(100));
        let path = path(&text, text.len());
        assert_eq!(path.chars().count(), LONGEST + 3);
        assert!(path.starts_with("..") && path.ends_with(".level.level"), "{path}");
    }
}
