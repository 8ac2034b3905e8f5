use serde::ser::{Serialize, Serializer};
use serde_json::{Error, Serializer as Json};
use std::io;

/// JSON, but a top-level string, character, unit or unit variant as its plain text.
pub(super) fn text(value: &(impl Serialize + ?Sized)) -> Result<String, Error> {
    let (mut buffer, mut plain) = (Buffer::default(), None);
    value.serialize(Plain { json: &mut Json::new(&mut buffer), text: &mut plain })?;
    match plain {
        Some(text) => Ok(text),
        None => String::from_utf8(buffer.0).map_err(serde::ser::Error::custom),
    }
}

/// Allocates when the first byte comes, and then for most results enough.
#[derive(Default)]
struct Buffer(Vec<u8>);

impl io::Write for &mut Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.0.capacity() == 0 {
            self.0.reserve(128);
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Plain<'a, 'b> {
    json: &'a mut Json<&'b mut Buffer>,
    text: &'a mut Option<String>,
}

impl Plain<'_, '_> {
    #[expect(clippy::unnecessary_wraps, reason = "the answer of a `Serializer`")]
    fn plain(self, text: &(impl ToString + ?Sized)) -> Result<(), Error> {
        *self.text = Some(text.to_string());
        Ok(())
    }
}

type Inner<'a, 'b> = &'a mut Json<&'b mut Buffer>;

macro_rules! plain {
    ($($name:ident: $type:ty),*) => {
        $(fn $name(self, value: $type) -> Result<(), Error> { self.plain(&value) })*
    };
}

impl<'a, 'b> Serializer for Plain<'a, 'b> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = <Inner<'a, 'b> as Serializer>::SerializeSeq;
    type SerializeTuple = <Inner<'a, 'b> as Serializer>::SerializeTuple;
    type SerializeTupleStruct = <Inner<'a, 'b> as Serializer>::SerializeTupleStruct;
    type SerializeTupleVariant = <Inner<'a, 'b> as Serializer>::SerializeTupleVariant;
    type SerializeMap = <Inner<'a, 'b> as Serializer>::SerializeMap;
    type SerializeStruct = <Inner<'a, 'b> as Serializer>::SerializeStruct;
    type SerializeStructVariant = <Inner<'a, 'b> as Serializer>::SerializeStructVariant;

    // JSON has no NaN and no infinities; as plain text they keep their names.
    plain! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_i64: i64, serialize_i128: i128, serialize_u8: u8, serialize_u16: u16,
        serialize_u32: u32, serialize_u64: u64, serialize_u128: u128, serialize_char: char,
        serialize_str: &str
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        if value.is_finite() { self.json.serialize_f32(value) } else { self.plain(&value) }
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        if value.is_finite() { self.json.serialize_f64(value) } else { self.plain(&value) }
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.json.serialize_bytes(value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.plain("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.plain("done")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.plain("done")
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<(), Error> {
        self.plain(name)
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

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        self.json.serialize_seq(length)
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, Error> {
        self.json.serialize_tuple(length)
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct, Error> {
        self.json.serialize_tuple_struct(name, length)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        self.json.serialize_tuple_variant(name, index, variant, length)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, Error> {
        self.json.serialize_map(length)
    }

    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStruct, Error> {
        self.json.serialize_struct(name, length)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        self.json.serialize_struct_variant(name, index, variant, length)
    }
}

#[cfg(test)]
mod tests {
    use super::text;
    use serde::Serialize;
    use serde_json::json;

    #[derive(Serialize)]
    enum Answer {
        Yes,
        No { because: &'static str },
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
        assert_eq!(text(&(1, "x", 2.5)).unwrap(), r#"[1,"x",2.5]"#);
        assert_eq!(text(&json!({"b": 1, "a": ["x"]})).unwrap(), r#"{"a":["x"],"b":1}"#);
        assert_eq!(text(&f64::NAN).unwrap(), "NaN");
        assert_eq!(text(&-7_i128).unwrap(), "-7");
        assert_eq!(text(&2.0_f32).unwrap(), "2.0");
    }
}
