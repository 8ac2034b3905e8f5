use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::erased::{Fill, Parameter};
use crate::schema::Described;
use crate::tool::context::ToolContext;

/// A parameter of a tool: how its value is read and described to the model.
///
/// A constant with the functions of its type. The type is therefore checked once, where [`arg`]
/// names it, and compiled once for all tools that use it.
pub struct Arg<T> {
    name: &'static str,
    doc: &'static str,
    /// Reads the value at the start of a text into its place, and returns its length in bytes.
    read: fn(&str, &mut Option<T>) -> Option<usize>,
    absent: fn(Option<&ToolContext>) -> Option<T>,
    default: Option<fn() -> T>,
    shown: fn(&T) -> Option<Value>,
    check: fn(&str) -> serde_json::Result<usize>,
    schema: fn(&mut SchemaGenerator) -> Schema,
    given: bool,
}

/// The parameter `name`, described by `doc`.
#[must_use]
pub const fn arg<T: Param>(name: &'static str, doc: &'static str) -> Arg<T> {
    Arg {
        name,
        doc,
        read: |text, value| {
            let (read, length) = T::read(text).ok()?;
            *value = Some(read);
            Some(length)
        },
        absent: T::absent,
        default: None,
        shown: |_| None,
        check: |text| T::read(text).map(|(_, length)| length),
        schema: T::schema,
        given: T::GIVEN,
    }
}

impl<T> Arg<T> {
    /// Sets the default value, which the schema shows to the model.
    #[must_use]
    pub const fn or(mut self, default: fn() -> T) -> Self
    where
        T: Shown,
    {
        self.default = Some(default);
        self.shown = T::shown;
        self
    }

    /// Creates the place of the value in a call.
    #[inline]
    #[must_use]
    pub const fn slot(&'static self) -> Slot<T> {
        Slot { arg: self, value: None }
    }
}

impl<T> Arg<T> {
    /// Whether the model may leave the argument out. `Deserialize` is code of the user: one that panics has
    /// no value for "nothing".
    fn may_be_absent(&self) -> bool {
        match catch_unwind(AssertUnwindSafe(|| (self.absent)(None).is_some())) {
            Ok(may) => may,
            Err(panic) => {
                // A payload can panic when it is dropped too, so it is leaked.
                std::mem::forget(panic);
                false
            }
        }
    }
}

impl<T> Parameter for Arg<T> {
    fn describe(&self) -> Described {
        Described {
            name: self.name,
            doc: self.doc,
            default: self.default.and_then(|default| (self.shown)(&default())),
            optional: self.default.is_some() || self.may_be_absent(),
            given: self.given,
            check: self.check,
            schema: self.schema,
        }
    }
}

/// The place of a parameter's value in one call.
pub struct Slot<T: 'static> {
    arg: &'static Arg<T>,
    value: Option<T>,
}

impl<T> Slot<T> {
    /// The value, once [`Invocation::read`](crate::tool::context::Invocation::read) has filled it.
    ///
    /// # Panics
    ///
    /// If it was not filled.
    #[inline]
    #[expect(clippy::expect_used, reason = "generated code reads first")]
    pub fn take(self) -> T {
        self.value.expect("arguments are read first")
    }
}

impl<T> Fill<'_> for Slot<T> {
    fn name(&self) -> &'static str {
        self.arg.name
    }

    fn put(&mut self, rest: &str) -> Option<usize> {
        if self.value.is_some() || self.arg.given {
            return None;
        }
        (self.arg.read)(rest, &mut self.value)
    }

    fn settle(&mut self, call: Option<&ToolContext>) -> Option<()> {
        if self.value.is_none() {
            self.value = match self.arg.default {
                Some(default) => Some(default()),
                None => (self.arg.absent)(call),
            };
        }
        self.value.as_ref().map(|_| ())
    }
}

/// A type of an owned parameter: read from the model's arguments, or the call's context.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a tool argument",
    label = "an owned parameter comes from the model's call",
    note = "derive `serde::Deserialize` and `schemars::JsonSchema` for it, or borrow it (`&T`) to take it from the application's state"
)]
pub trait Param: Sized {
    /// Whether the value is the call's context and not one of its arguments.
    const GIVEN: bool = false;

    /// Reads the value at the start of `text`, and returns its length in bytes.
    fn read(text: &str) -> serde_json::Result<(Self, usize)>;

    /// The value if the model sent none; `None` if the argument is required.
    fn absent(call: Option<&ToolContext>) -> Option<Self>;

    /// The JSON schema of the value.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

// Without `do_not_recommend` rustc reports the bounds of serde and schemars instead of ours.
#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> Param for T {
    #[inline]
    fn read(text: &str) -> serde_json::Result<(Self, usize)> {
        first(text)
    }

    fn absent(_: Option<&ToolContext>) -> Option<Self> {
        T::deserialize(Absent).ok()
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

#[diagnostic::do_not_recommend]
impl Param for ToolContext {
    const GIVEN: bool = true;

    fn read(_: &str) -> serde_json::Result<(Self, usize)> {
        Err(de::Error::custom("not an argument"))
    }

    fn absent(call: Option<&ToolContext>) -> Option<Self> {
        Some(call.cloned().unwrap_or_else(ToolContext::detached))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        Schema::default()
    }
}

/// Reads one value from the start of a text, and its length in bytes.
pub(crate) fn first<'de, T: Deserialize<'de>>(text: &'de str) -> serde_json::Result<(T, usize)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<T>();
    match values.next() {
        Some(Ok(value)) => Ok((value, values.byte_offset())),
        Some(Err(error)) => Err(error),
        None => Err(de::Error::custom("expected a value")),
    }
}

/// A default that can be shown to the model.
#[diagnostic::on_unimplemented(
    message = "a default `{Self}` cannot be shown to the model",
    label = "the schema shows the default, so it implements `Serialize`",
    note = "derive `serde::Serialize` for it, or take an `Option` and choose the default in the body"
)]
pub trait Shown {
    #[doc(hidden)]
    fn shown(&self) -> Option<Value>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Shown for T {
    fn shown(&self) -> Option<Value> {
        serde_json::to_value(self).ok()
    }
}

/// A deserializer that only types with a value for "absent" accept: `Option`, through any alias.
struct Absent;

/// The error of all other types, created without an allocation.
#[derive(Debug)]
struct NotOptional;

impl fmt::Display for NotOptional {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not optional")
    }
}

impl std::error::Error for NotOptional {}

impl de::Error for NotOptional {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for Absent {
    type Error = NotOptional;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NotOptional> {
        Err(NotOptional)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotOptional> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}
