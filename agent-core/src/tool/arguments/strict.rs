use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::fmt;

use super::fault::Faults;
use crate::json::{excerpt, scan};

/// Reads the arguments for a policy or an approver, so that they and the tool see the same value.
///
/// Duplicate keys at any level are rejected, and so are the [`RESERVED`] ones; `serde_json` also
/// rejects lone surrogates, numbers out of range and depth over 127.
pub(crate) fn read_once(text: &str) -> Result<Value, Faults> {
    if scan::nothing(text).is_some() {
        return Ok(Value::Object(Map::new()));
    }
    if names_number(text) {
        return Err(Faults::one(reserved()));
    }
    // Checked first and then read, because features of `serde_json` change how it represents
    // numbers.
    let value = serde_json::from_str::<Unambiguous>(text).and_then(|_| serde_json::from_str(text));
    match value {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(Faults::one("not a JSON object")),
        Err(error) => Err(Faults::one(format!("not valid JSON: {error}"))),
    }
}

/// The beginning of the keys with which `serde_json` passes its own types to its deserializers.
///
/// [`Value`] reads an object with such a key as that type: with `RawValue`, it parses the member's
/// text as JSON, in which a key can occur twice and the limit on depth starts anew. A policy would
/// then see another value than a tool that reads a map.
const RESERVED: &str = "$serde_json::private::";

/// With the feature `arbitrary_precision`, each number arrives as an object with this key, so the
/// check of the values has to allow it. It is searched for in the text instead.
const NUMBER: &str = "$serde_json::private::Number";
const QUOTED_NUMBER: &str = "\"$serde_json::private::Number\"";

/// Whether a member has this key, spelled without escapes.
///
/// A quote within a string stands behind a backslash, so what is found between two others is a whole
/// string, and a key if a colon follows.
fn names_number(text: &str) -> bool {
    text.match_indices(QUOTED_NUMBER).any(|(at, quoted)| {
        let (before, after) = (text.get(..at), text.get(at + quoted.len()..));
        let is_whole = before.is_some_and(|before| !before.ends_with('\\'));
        is_whole && after.is_some_and(|after| after.trim_start().starts_with(':'))
    })
}

fn reserved() -> String {
    format!("a key that begins with `{RESERVED}` is reserved")
}

/// The key of a member.
struct MemberKey {
    name: String,
    /// Whether the text spells it with escapes, in which a search would not find it.
    is_escaped: bool,
}

impl MemberKey {
    fn is_reserved(&self) -> bool {
        self.name.starts_with(RESERVED) && (self.is_escaped || self.name != NUMBER)
    }
}

impl<'de> Deserialize<'de> for MemberKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ReadKey)
    }
}

struct ReadKey;

impl<'de> Visitor<'de> for ReadKey {
    type Value = MemberKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<MemberKey, E> {
        Ok(MemberKey { name: name.to_owned(), is_escaped: false })
    }

    fn visit_str<E>(self, name: &str) -> Result<MemberKey, E> {
        Ok(MemberKey { name: name.to_owned(), is_escaped: true })
    }
}

/// Any JSON value in which no object has a key twice or a reserved key.
struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Check)
    }
}

struct Check;

impl<'de> Visitor<'de> for Check {
    type Value = Unambiguous;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unambiguous, A::Error> {
        while items.next_element::<Unambiguous>()?.is_some() {}
        Ok(Unambiguous)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unambiguous, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = members.next_key::<MemberKey>()? {
            if key.is_reserved() {
                return Err(A::Error::custom(reserved()));
            }
            if let Some(twice) = keys.replace(key.name) {
                return Err(A::Error::custom(format_args!(
                    "`{}` given twice",
                    excerpt(&twice, 40)
                )));
            }
            members.next_value::<Unambiguous>()?;
        }
        Ok(Unambiguous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_two_readers_could_read_differently_are_rejected() {
        assert_eq!(read_once(r#"{"a":[1,{"b":null}]}"#).unwrap()["a"][1]["b"], Value::Null);
        assert_eq!(read_once("").unwrap(), serde_json::json!({}));
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"x":{"a":1,"\u0061":2}}"#,
            r#"{"a":1e999}"#,
            r#"{"a":"\ud800"}"#,
            "[1]",
            "{} {}",
            &deep,
        ] {
            assert!(read_once(text).is_err(), "{text}");
        }
    }

    /// A value of `Value` in a text in a value, which `serde_json` would read with a fresh limit on
    /// its depth at each level.
    fn nested(levels: usize) -> String {
        let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(120), "]".repeat(120));
        (0..levels).fold(deep("1"), |inner, _| {
            let text = serde_json::to_string(&inner).unwrap();
            deep(&format!(r#"{{"$serde_json::private::RawValue":{text}}}"#))
        })
    }

    #[test]
    fn keys_with_which_serde_json_marks_its_own_types_are_rejected() {
        let twice = r#"{"a":{"$serde_json::private::RawValue":"{\"x\":1,\"x\":2}"}}"#;
        let nested = format!(r#"{{"a":{}}}"#, nested(8));
        for text in [
            twice,
            &nested,
            r#"{"$serde_json::private::RawValue":"{\"a\":1}"}"#,
            r#"{"a":[{"\u0024serde_json::private::RawValue":"1"}]}"#,
            r#"{"a":{"$serde_json::private::Number":"1"}}"#,
            r#"{"a":{"\u0024serde_json::private::Number":"1"}}"#,
        ] {
            let error = read_once(text).unwrap_err().to_string();
            assert!(error.contains("is reserved"), "{error}");
        }
        let code = r#"{"new":"const TOKEN: &str = \"$serde_json::private::Number\";","n":1.5}"#;
        assert_eq!(read_once(code).unwrap()["n"], 1.5);
        let spaced = "{\"a\":{\"$serde_json::private::Number\" \n\t\r: \"1\"}}";
        assert!(read_once(spaced).is_err());
        // Found by fuzzing: the same text as a value, and at the end of a key.
        for text in [
            r#"{"a": "$serde_json::private::Number"}"#,
            r#"{"a":["$serde_json::private::Number" , ":"]}"#,
            r#"{"x\"$serde_json::private::Number":1}"#,
        ] {
            assert_eq!(read_once(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        }
    }

    #[test]
    fn values_are_read_to_the_depth_that_serde_json_allows() {
        let deep =
            |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(read_once(&deep(127)).is_ok());
        for depth in [128, 129, 100_000] {
            assert!(read_once(&deep(depth)).is_err(), "{depth}");
        }
    }

    #[test]
    fn no_text_makes_it_panic() {
        const TEXT: &str = r#"{"a":[1,-2.5e3,{"b":null}],"\u00e4":"\ud83d\ude00","c":true,"":{}}"#;
        const PUT_IN: &[u8] = b"\"\\{}[]:,u0123456789abcdefDEFtruefalsn.-+eE \xff\x00";
        let mut seed: usize = 1;
        let mut below = |bound: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % bound
        };
        let mut read = 0;
        for _ in 0..20_000 {
            let mut bytes = TEXT.as_bytes().to_vec();
            for _ in 0..below(4) {
                let at = below(bytes.len());
                match below(3) {
                    0 => _ = bytes.remove(at),
                    1 => bytes.insert(at, PUT_IN[below(PUT_IN.len())]),
                    _ => bytes[at] = PUT_IN[below(PUT_IN.len())],
                }
            }
            let text = String::from_utf8_lossy(&bytes);
            read += usize::from(read_once(&text).is_ok());
        }
        assert!((5000..15_000).contains(&read), "{read} of 20,000 were read");
    }
}
