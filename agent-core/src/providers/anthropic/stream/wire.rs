//! The events of a stream, as the API sends them.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::ops::Deref;

use crate::providers::json_members::{members, value};

/// Why an event cannot be decoded.
pub(super) type Malformed = &'static str;

/// The known members of an event. They are read in one pass and borrow from its text.
#[derive(Deserialize)]
pub(super) struct WireEvent<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<WireText<'a>>,
    pub(super) index: Option<u64>,
    #[serde(borrow)]
    pub(super) delta: Option<WireDelta<'a>>,
    #[serde(borrow)]
    pub(super) content_block: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) message: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// The `delta` member of a `content_block_delta` or `message_delta`.
#[derive(Default, Deserialize)]
pub(super) struct WireDelta<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<WireText<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<WireText<'a>>,
    #[serde(borrow)]
    pub(super) thinking: Option<WireText<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<WireText<'a>>,
    #[serde(borrow)]
    pub(super) partial_json: Option<WireText<'a>>,
    #[serde(borrow)]
    pub(super) citation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) stop_reason: Option<WireText<'a>>,
    #[serde(borrow)]
    pub(super) stop_details: Option<&'a RawValue>,
}

/// Borrows where the JSON has no escapes. Serde borrows a plain `Cow` but not an `Option<Cow>`.
#[derive(Deserialize)]
pub(super) struct WireText<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for WireText<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> WireEvent<'a> {
    /// Reads the members that have the expected types.
    ///
    /// # Errors
    ///
    /// When the data is not a JSON object.
    pub(super) fn read(data: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(data).or_else(|_| Self::read_each(data))
    }

    /// Reads each member separately, after one of them was not of the expected type. That is not an
    /// error if the event or the delta is of an unknown kind.
    fn read_each(data: &'a str) -> serde_json::Result<Self> {
        const MEMBERS: [&str; 7] =
            ["type", "index", "delta", "content_block", "message", "usage", "error"];
        let [kind, index, delta, content_block, message, usage, error] = members(data, MEMBERS)?;
        let delta = delta.map(WireDelta::read_each);
        let (kind, index) = (value(kind), value(index));
        Ok(Self { kind, index, delta, content_block, message, usage, error })
    }

    pub(super) fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or_default()
    }

    /// Whether the event is an error. Gateways can omit the type.
    pub(super) fn is_error(&self) -> bool {
        self.kind() == "error" || (self.kind.is_none() && self.error.is_some())
    }
}

impl<'a> WireDelta<'a> {
    fn read_each(raw: &'a RawValue) -> Self {
        const MEMBERS: [&str; 8] = [
            "type",
            "text",
            "thinking",
            "signature",
            "partial_json",
            "citation",
            "stop_reason",
            "stop_details",
        ];
        let found = members(raw.get(), MEMBERS).unwrap_or_default();
        let [kind, text, thinking, signature, json, citation, stop_reason, stop_details] = found;
        let [kind, text, thinking, signature, partial_json, stop_reason] =
            [kind, text, thinking, signature, json, stop_reason].map(value);
        let delta = Self { kind, text, thinking, signature, partial_json, ..Self::default() };
        Self { citation, stop_reason, stop_details, ..delta }
    }

    pub(super) fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or_default()
    }
}
