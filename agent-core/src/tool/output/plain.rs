use serde::ser::{Error as _, Impossible, Serialize, Serializer};
use std::fmt;

/// JSON, but a top-level string, character, unit or unit variant as its plain text.
///
/// The value is first asked whether it is a scalar: a compound one says no at its first step, so
/// that its JSON costs what it costs without the question.
pub(crate) fn text(value: &(impl Serialize + ?Sized)) -> Result<String, serde_json::Error> {
    match value.serialize(Plain) {
        Ok(text) => Ok(text),
        Err(Otherwise::Json) => serde_json::to_string(value),
        Err(Otherwise::Failed(message)) => Err(serde_json::Error::custom(message)),
    }
}

/// Writes scalars as plain text, and refuses all others.
struct Plain;

#[derive(Debug)]
enum Otherwise {
    Json,
    /// What the value's own `Serialize` said.
    Failed(String),
}

impl fmt::Display for Otherwise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json => f.write_str("not a scalar"),
            Self::Failed(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Otherwise {}

impl serde::ser::Error for Otherwise {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Failed(message.to_string())
    }
}

type Text = Result<String, Otherwise>;
type Never = Impossible<String, Otherwise>;

macro_rules! plain {
    ($($name:ident: $type:ty),* $(,)?) => {
        $(fn $name(self, value: $type) -> Text { Ok(value.to_string()) })*
    };
}

macro_rules! json {
    ($($name:ident($($type:ty),*) -> $compound:ty;)*) => {
        $(fn $name(self, $(_: $type),*) -> Result<$compound, Otherwise> { Err(Otherwise::Json) })*
    };
}

impl Serializer for Plain {
    type Ok = String;
    type Error = Otherwise;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;

    plain! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_i64: i64, serialize_i128: i128, serialize_u8: u8, serialize_u16: u16,
        serialize_u32: u32, serialize_u64: u64, serialize_u128: u128, serialize_char: char,
        serialize_str: &str,
    }

    json! {
        serialize_bytes(&[u8]) -> String;
        serialize_seq(Option<usize>) -> Never;
        serialize_tuple(usize) -> Never;
        serialize_tuple_struct(&'static str, usize) -> Never;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never;
        serialize_map(Option<usize>) -> Never;
        serialize_struct(&'static str, usize) -> Never;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never;
    }

    // JSON has no NaN and no infinities; as plain text they keep their names.
    fn serialize_f32(self, value: f32) -> Text {
        if value.is_finite() { Err(Otherwise::Json) } else { Ok(value.to_string()) }
    }

    fn serialize_f64(self, value: f64) -> Text {
        if value.is_finite() { Err(Otherwise::Json) } else { Ok(value.to_string()) }
    }

    fn serialize_none(self) -> Text {
        Ok("null".to_owned())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Text {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Text {
        Ok("done".to_owned())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Text {
        Ok("done".to_owned())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Text {
        Ok(name.to_owned())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Text {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Text {
        Err(Otherwise::Json)
    }
}

#[cfg(test)]
mod tests {
    use super::text;
    use serde::Serialize;

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
    }
}
