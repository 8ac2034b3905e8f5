//! The recorded form of an exchange.

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::{HeaderMap, Request, response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

use super::secrets::Secrets;

/// A request and its outcome. A recording is one of these as JSON, and may have further members.
#[derive(Serialize, Deserialize)]
pub(super) struct Exchange {
    /// `None` matches any request.
    pub(super) request: Option<RecordedRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) response: Option<RecordedAnswer>,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RecordedRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    pub(super) path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The bytes that were sent, which keeps the order of members and the spelling of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) body_text: Option<String>,
}

impl RecordedRequest {
    pub(super) fn of(request: &Request<Bytes>, secrets: &Secrets) -> Self {
        const HEADERS: [&str; 4] =
            ["content-type", "accept", "anthropic-version", "anthropic-beta"];
        let text = secrets.blot(request.body());
        let body: Option<Box<RawValue>> = serde_json::from_slice(&text).ok();
        Self {
            method: Some(request.method().to_string()),
            path: secrets.text(request.uri().path().as_bytes()),
            headers: listed(request.headers(), secrets, |name| HEADERS.contains(&name)),
            body_text: body.is_none().then(|| String::from_utf8_lossy(&text).into_owned()),
            body,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct RecordedAnswer {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body_text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    /// Whether the body is incomplete.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) cut: bool,
}

impl RecordedAnswer {
    /// Creates a recording without its body.
    pub(super) fn of(head: &response::Parts, secrets: &Secrets) -> Self {
        const HEADERS: [&str; 6] = [
            "content-type",
            "request-id",
            "x-request-id",
            "retry-after",
            "retry-after-ms",
            "x-should-retry",
        ];
        let wanted =
            |name: &str| HEADERS.contains(&name) || name.starts_with("anthropic-ratelimit-");
        let headers = listed(&head.headers, secrets, wanted);
        let status = head.status.as_u16();
        Self { status, headers, body_text: None, body_base64: None, cut: false }
    }

    pub(super) fn set_body(&mut self, body: &[u8], secrets: &Secrets) {
        match String::from_utf8(secrets.blot(body)) {
            Ok(text) => self.body_text = Some(text),
            Err(bytes) => self.body_base64 = Some(BASE64_STANDARD.encode(bytes.as_bytes())),
        }
    }

    pub(super) fn body(&self) -> Result<Bytes, base64::DecodeError> {
        let text = self.body_text.as_ref().map(|text| Bytes::from(text.clone()));
        let bytes = self.body_base64.as_ref().map(|text| BASE64_STANDARD.decode(text));
        text.map(Ok).or(bytes.map(|bytes| bytes.map(Bytes::from))).unwrap_or(Ok(Bytes::new()))
    }
}

fn listed(
    headers: &HeaderMap,
    secrets: &Secrets,
    wanted: impl Fn(&str) -> bool,
) -> BTreeMap<String, String> {
    let listed = headers
        .iter()
        .filter(|(name, value)| wanted(name.as_str()) && !value.is_sensitive())
        .map(|(name, value)| (name.to_string(), secrets.text(value.as_bytes())));
    listed.collect()
}
