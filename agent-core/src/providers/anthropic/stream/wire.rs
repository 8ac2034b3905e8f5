//! The events as they stand on the wire.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::ops::Deref;

use crate::providers::json_members::{members, value};

/// All that an event may have of what is known: it is read once, and borrows what it can.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
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

/// What a `content_block_delta` or a `message_delta` adds.
#[derive(Default, Deserialize)]
pub(super) struct WireDelta<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) partial_json: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) citation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) stop_reason: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) stop_details: Option<&'a RawValue>,
}

/// Serde borrows a `Cow` only where it stands alone, not within an `Option`.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> Event<'a> {
    /// What of an event is as expected.
    ///
    /// # Errors
    ///
    /// When it is no JSON object.
    pub(super) fn read(data: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(data).or_else(|_| Self::read_each(data))
    }

    /// As [`read`](Self::read), where a member is of another type than expected: that says nothing if
    /// the event or the delta is one that is not known.
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

    /// Gateways leave the type out.
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
