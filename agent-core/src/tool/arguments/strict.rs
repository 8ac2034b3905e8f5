use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::fmt;

use super::fault::Faults;
use crate::json::{excerpt, scan};

/// Reads the arguments for a policy or an approver, so that they and the tool see the same value.
///
/// Duplicate keys at any level are rejected; `serde_json` also rejects lone surrogates, numbers out
/// of range and depth over 128.
pub(crate) fn read_once(text: &str) -> Result<Value, Faults> {
    if scan::nothing(text).is_some() {
        return Ok(Value::Object(Map::new()));
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

/// Any JSON value in which no object has a key twice.
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
        while let Some(key) = members.next_key::<String>()? {
            if let Some(twice) = keys.replace(key) {
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
}
