use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use serde_json::Value;
use std::{borrow::Cow, fmt, ops::Deref};

use super::erased::{Fill, Parameter};
use super::param::first;
use crate::schema::Described;
use crate::tool::context::ToolContext;

/// A `&str` parameter of a tool. Its value is a slice of the call's text.
pub struct TextArg {
    name: &'static str,
    doc: &'static str,
    default: Option<fn() -> Text<'static>>,
}

/// The text parameter `name`, described by `doc`.
#[must_use]
pub const fn text(name: &'static str, doc: &'static str) -> TextArg {
    TextArg { name, doc, default: None }
}

impl TextArg {
    /// Sets the default text, which the schema shows to the model.
    #[must_use]
    pub const fn or(mut self, default: fn() -> Text<'static>) -> Self {
        self.default = Some(default);
        self
    }

    /// Creates the place of the text in a call.
    #[inline]
    #[must_use]
    pub const fn slot<'de>(&'static self) -> TextSlot<'de> {
        TextSlot { arg: self, value: None }
    }
}

impl Parameter for TextArg {
    fn describe(&self) -> Described {
        Described {
            name: self.name,
            doc: self.doc,
            default: self.default.map(|default| Value::from(&*default())),
            optional: self.default.is_some(),
            given: false,
            check: |text| first::<Text<'_>>(text).map(|(_, length)| length),
            schema: |generator| generator.subschema_for::<String>(),
        }
    }
}

/// The place of a text in one call.
pub struct TextSlot<'de> {
    arg: &'static TextArg,
    value: Option<Text<'de>>,
}

impl<'de> TextSlot<'de> {
    /// The text, once [`Invocation::read`](crate::tool::context::Invocation::read) has filled it.
    ///
    /// # Panics
    ///
    /// If it was not filled.
    #[inline]
    #[must_use]
    #[expect(clippy::expect_used, reason = "generated code reads first")]
    pub fn take(self) -> Text<'de> {
        self.value.expect("arguments are read first")
    }
}

impl<'de> Fill<'de> for TextSlot<'de> {
    fn name(&self) -> &'static str {
        self.arg.name
    }

    fn put(&mut self, rest: &'de str) -> Option<usize> {
        if self.value.is_some() {
            return None;
        }
        let (text, length) = first(rest).ok()?;
        self.value = Some(text);
        Some(length)
    }

    fn settle(&mut self, _: Option<&ToolContext>) -> Option<()> {
        if self.value.is_none() {
            self.value = self.arg.default.map(|default| default());
        }
        self.value.as_ref().map(|_| ())
    }
}

/// The value of a `&str` parameter: a slice of the call's text if it has no escapes.
#[derive(Default)]
pub struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.into())
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;
        impl<'de> Visitor<'de> for Borrow {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E>(self, text: String) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }
        deserializer.deserialize_str(Borrow)
    }
}
