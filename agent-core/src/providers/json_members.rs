//! Reads a few members of a JSON object and skips the rest.

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Returns the raw text of the members with these names; of two with one name, the last.
///
/// Other members are skipped without an error: a provider can add members at any time.
///
/// # Errors
///
/// When the text is no JSON object.
pub(super) fn members<'a, const N: usize>(
    text: &'a str,
    names: [&str; N],
) -> serde_json::Result<[Option<&'a RawValue>; N]> {
    let mut json = serde_json::Deserializer::from_str(text);
    let found = Members(names).deserialize(&mut json)?;
    json.end()?;
    Ok(found)
}

/// Calls `member` with the name and raw text of each member of an object, in order.
///
/// # Errors
///
/// When the text is no JSON object.
pub(super) fn each<'a>(
    text: &'a str,
    member: impl FnMut(Cow<'a, str>, &'a RawValue),
) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_map(Each(member))?;
    json.end()
}

struct Each<F>(F);

impl<'a, F: FnMut(Cow<'a, str>, &'a RawValue)> Visitor<'a> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(mut self, mut map: M) -> Result<(), M::Error> {
        while let Some((Name(name), member)) = map.next_entry()? {
            self.0(name, member);
        }
        Ok(())
    }
}

/// Parses a member; `None` if it is missing or of another type.
pub(super) fn value<'a, T: Deserialize<'a>>(member: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(member?.get()).ok()
}

/// Returns the raw text of the items of a list, at most `most` of them; `None` if it has more.
///
/// # Errors
///
/// When the text is no list.
pub(super) fn items(text: &str, most: usize) -> serde_json::Result<Option<Vec<&RawValue>>> {
    serde_json::Deserializer::from_str(text).deserialize_seq(Items(most))
}

struct Items(usize);

impl<'a> Visitor<'a> for Items {
    type Value = Option<Vec<&'a RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() < self.0 {
                items.push(item);
            } else {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(None);
            }
        }
        Ok(Some(items))
    }
}

struct Members<'n, const N: usize>([&'n str; N]);

#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a, const N: usize> DeserializeSeed<'a> for Members<'_, N> {
    type Value = [Option<&'a RawValue>; N];

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a, const N: usize> Visitor<'a> for Members<'_, N> {
    type Value = [Option<&'a RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut found = [None; N];
        while let Some(Name(name)) = map.next_key()? {
            let mut pairs = self.0.iter().zip(&mut found);
            match pairs.find(|(wanted, _)| **wanted == name) {
                Some((_, member)) => *member = Some(map.next_value()?),
                None => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_member_of_a_name_counts_and_other_members_are_skipped() {
        let text = r#" {"a": 1.50, "b": [{"a": 2}], "\u0061": "x" } "#;
        let [a, b, c] = members(text, ["a", "b", "c"]).unwrap();
        assert_eq!(a.map(RawValue::get), Some(r#""x""#));
        assert_eq!(b.map(RawValue::get), Some(r#"[{"a": 2}]"#));
        assert!(c.is_none());
        assert_eq!((value(a), value::<u8>(a)), (Some("x".to_owned()), None));
        for bad in ["", "[]", "{", r#"{"a": 1} x"#, r#"{"a" 1}"#] {
            assert!(members(bad, ["a"]).is_err(), "{bad}");
        }
    }
}
