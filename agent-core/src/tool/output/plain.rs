use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::Error;
use serde_json::ser::{CompactFormatter, Compound};
use std::io;

/// Serialises a value as JSON, but a top-level string, character, unit or unit variant as its plain
/// text.
///
/// The value's `Serialize` runs once: it is the user's code, and can be slow or have side effects.
pub(super) fn text(value: &(impl Serialize + ?Sized)) -> Result<String, Error> {
    let mut scalar = None;
    let mut json = Json::new(Buffer::default());
    value.serialize(PlainOrJson { scalar: &mut scalar, json: &mut json })?;
    match scalar {
        Some(text) => Ok(text),
        None => String::from_utf8(json.into_inner().0).map_err(Error::custom),
    }
}

type Json = serde_json::Serializer<Buffer>;
type JsonParts<'a> = Compound<'a, Buffer, CompactFormatter>;

/// Serialises a scalar to its plain text, and passes any other value on to the JSON serializer.
struct PlainOrJson<'a> {
    scalar: &'a mut Option<String>,
    json: &'a mut Json,
}

impl PlainOrJson<'_> {
    #[expect(clippy::unnecessary_wraps, reason = "the result of each method of a serializer")]
    fn scalar(self, text: String) -> Result<(), Error> {
        *self.scalar = Some(text);
        Ok(())
    }
}

/// The JSON. It allocates at its first write, because a scalar needs none, and then enough for most
/// values.
#[derive(Default)]
struct Buffer(Vec<u8>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        const FIRST: usize = 128;
        if self.0.capacity() == 0 {
            self.0.reserve(FIRST);
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

macro_rules! scalars {
    ($($name:ident: $type:ty),* $(,)?) => {
        $(fn $name(self, value: $type) -> Result<(), Error> { self.scalar(value.to_string()) })*
    };
}

macro_rules! json {
    ($($name:ident($($arg:ident: $type:ty),*) -> $output:ty;)*) => {
        $(fn $name(self, $($arg: $type),*) -> Result<$output, Error> { self.json.$name($($arg),*) })*
    };
}

impl<'a> Serializer for PlainOrJson<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = JsonParts<'a>;
    type SerializeTuple = JsonParts<'a>;
    type SerializeTupleStruct = JsonParts<'a>;
    type SerializeTupleVariant = JsonParts<'a>;
    type SerializeMap = JsonParts<'a>;
    type SerializeStruct = JsonParts<'a>;
    type SerializeStructVariant = JsonParts<'a>;

    scalars! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_i64: i64, serialize_i128: i128, serialize_u8: u8, serialize_u16: u16,
        serialize_u32: u32, serialize_u64: u64, serialize_u128: u128, serialize_char: char,
        serialize_str: &str,
    }

    json! {
        serialize_bytes(bytes: &[u8]) -> ();
        serialize_seq(len: Option<usize>) -> JsonParts<'a>;
        serialize_tuple(len: usize) -> JsonParts<'a>;
        serialize_tuple_struct(name: &'static str, len: usize) -> JsonParts<'a>;
        serialize_tuple_variant(
            name: &'static str, index: u32, variant: &'static str, len: usize
        ) -> JsonParts<'a>;
        serialize_map(len: Option<usize>) -> JsonParts<'a>;
        serialize_struct(name: &'static str, len: usize) -> JsonParts<'a>;
        serialize_struct_variant(
            name: &'static str, index: u32, variant: &'static str, len: usize
        ) -> JsonParts<'a>;
    }

    // JSON has no NaN and no infinities; as plain text they keep their names.
    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        if value.is_finite() {
            self.json.serialize_f32(value)
        } else {
            self.scalar(value.to_string())
        }
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        if value.is_finite() {
            self.json.serialize_f64(value)
        } else {
            self.scalar(value.to_string())
        }
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.scalar("null".to_owned())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.scalar("done".to_owned())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.scalar("done".to_owned())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.scalar(variant.to_owned())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.json.serialize_newtype_variant(name, index, variant, value)
    }
}

#[cfg(test)]
mod tests {
    use super::text;
    use serde::ser::{Error, SerializeSeq};
    use serde::{Serialize, Serializer};
    use std::cell::Cell;

    #[derive(Serialize)]
    enum Answer {
        Yes,
        No { because: &'static str },
        Maybe(u8),
    }

    #[derive(Serialize)]
    struct Name(&'static str);

    #[test]
    fn strings_are_plain_and_the_rest_is_json() {
        assert_eq!(text("a\"b").unwrap(), "a\"b");
        assert_eq!(text(&Some(Name("x"))).unwrap(), "x");
        assert_eq!(text(&()).unwrap(), "done");
        assert_eq!(text(&None::<u8>).unwrap(), "null");
        assert_eq!(text(&Answer::Yes).unwrap(), "Yes");
        assert_eq!(text(&Answer::No { because: "n" }).unwrap(), r#"{"No":{"because":"n"}}"#);
        assert_eq!(text(&Answer::Maybe(1)).unwrap(), r#"{"Maybe":1}"#);
        assert_eq!(text(&(1, "x", 2.5)).unwrap(), r#"[1,"x",2.5]"#);
        assert_eq!(text(&serde_json::json!({"b": 1, "a": ["x"]})).unwrap(), r#"{"a":["x"],"b":1}"#);
        assert_eq!(text(&f64::NAN).unwrap(), "NaN");
        assert_eq!(text(&-7_i128).unwrap(), "-7");
        assert_eq!(text(&2.0_f32).unwrap(), "2.0");
        let raw = serde_json::value::RawValue::from_string("[1, 2]".to_owned()).unwrap();
        assert_eq!(text(&raw).unwrap(), "[1, 2]");
    }

    /// A list that counts how often it is serialised, and fails if it is empty.
    struct Counted(Vec<u8>, Cell<usize>);

    impl Serialize for Counted {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.1.set(self.1.get() + 1);
            let mut list = serializer.serialize_seq(None)?;
            self.0.iter().try_for_each(|item| list.serialize_element(item))?;
            if self.0.is_empty() { Err(S::Error::custom("nothing there")) } else { list.end() }
        }
    }

    #[test]
    fn a_value_is_serialised_once() {
        let list = Counted(vec![1, 2], Cell::new(0));
        assert_eq!(text(&Some(&list)).unwrap(), "[1,2]");
        assert_eq!(list.1.get(), 1);
        let empty = Counted(vec![], Cell::new(0));
        assert_eq!(text(&empty).unwrap_err().to_string(), "nothing there");
        assert_eq!(empty.1.get(), 1);
    }

    #[test]
    fn a_long_value_is_complete() {
        let list: Vec<_> = (0..1000).collect();
        assert_eq!(text(&list).unwrap(), serde_json::to_string(&list).unwrap());
    }
}
