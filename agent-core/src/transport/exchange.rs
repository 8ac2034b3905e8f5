//! The recorded form of an exchange, and what must not get into it.

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::{HeaderMap, Request, response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What stands in a recording for a secret.
pub(super) const BLOT: &str = "[secret]";

/// A request and what came of it. A recording is one of them as JSON, and may say more.
#[derive(Serialize, Deserialize)]
pub(super) struct Exchange {
    /// If there is none, it was any request.
    pub(super) request: Option<Asked>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) response: Option<Answer>,
    /// Why no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Asked {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    pub(super) path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// As it was sent: in its order, and with its numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) body_text: Option<String>,
}

impl Asked {
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
pub(super) struct Answer {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body_text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    /// Whether more of the body was to come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) cut: bool,
}

impl Answer {
    /// Without its body.
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

/// The values of the headers of a request that are marked as sensitive.
pub(super) struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    /// What is that short is no secret, and would be found everywhere.
    const SHORTEST: usize = 6;

    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.values().filter(|value| value.is_sensitive());
        let secrets = values.map(|value| without_scheme(value.as_bytes()).to_vec());
        let mut secrets: Vec<_> = secrets.filter(|it| it.len() >= Self::SHORTEST).collect();
        // One may be a part of another.
        secrets.sort_by_key(|secret| Reverse(secret.len()));
        Self(secrets)
    }

    /// The text with the secrets in it blotted out, also where it ends within one.
    pub(super) fn blot(&self, text: &[u8]) -> Vec<u8> {
        if self.0.is_empty() {
            return text.to_vec();
        }
        let mut blotted = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((first, after)) = rest.split_first() {
            let length = self.0.iter().find_map(|secret| spelled(secret, rest));
            rest = length.and_then(|length| rest.get(length..)).unwrap_or(after);
            match length {
                Some(_) => blotted.extend(BLOT.bytes()),
                None => blotted.push(*first),
            }
        }
        blotted
    }

    pub(super) fn text(&self, text: &[u8]) -> String {
        String::from_utf8_lossy(&self.blot(text)).into_owned()
    }
}

fn without_scheme(value: &[u8]) -> &[u8] {
    const SCHEMES: [&[u8]; 2] = [b"bearer", b"basic"];
    let space = value.iter().position(|byte| *byte == b' ');
    let (scheme, rest) = value.split_at(space.unwrap_or_default());
    let is_scheme = SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if is_scheme { rest } else { value }.trim_ascii()
}

/// How many bytes of a text, from its start on, are the secret: as it is, or as JSON escapes it.
fn spelled(secret: &[u8], text: &[u8]) -> Option<usize> {
    let mut at = 0;
    for byte in secret {
        at += match text.get(at..)? {
            [] => return (at >= Secrets::SHORTEST).then_some(at),
            [b'\\', b'u', code @ ..] if is_code(code, *byte) => 6,
            [b'\\', escaped @ (b'"' | b'\\' | b'/'), ..] if escaped == byte => 2,
            [first, ..] if first == byte => 1,
            _ => return None,
        };
    }
    Some(at)
}

fn is_code(code: &[u8], byte: u8) -> bool {
    let digits = code.get(..4).and_then(|digits| str::from_utf8(digits).ok());
    digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) == Some(byte.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn secrets(values: &[&'static str]) -> Secrets {
        let values = values.iter().map(|value| {
            let mut value = HeaderValue::from_static(value);
            value.set_sensitive(true);
            (http::header::AUTHORIZATION, value)
        });
        let mut headers = HeaderMap::new();
        values.for_each(|(name, value)| _ = headers.append(name, value));
        headers.insert("x-open", HeaderValue::from_static("not a secret"));
        Secrets::of(&headers)
    }

    #[test]
    fn a_secret_is_blotted_out_however_json_writes_it() {
        let secrets = secrets(&["Bearer ab/c\"d\\e+f"]);
        for text in [
            "ab/c\"d\\e+f",
            r#"ab/c\"d\\e+f"#,
            r#"ab\/c\u0022d\u005Ce\u002bf"#,
            r#"\u0061b/c\"d\\e+f"#,
        ] {
            let whole = format!("Bearer {text}, {text}. not a secret");
            let blotted = "Bearer [secret], [secret]. not a secret";
            assert_eq!(secrets.text(whole.as_bytes()), blotted, "{text}");
        }
        assert_eq!(secrets.text(br#"\\ab/c\"d\\e+f"#), r"\\[secret]");
    }

    #[test]
    fn the_beginning_of_a_secret_is_blotted_out_at_the_end_of_a_text() {
        let secrets = secrets(&["Bearer 0123456789"]);
        assert_eq!(secrets.text(b"0123456 was; 01234567"), "0123456 was; [secret]");
        assert_eq!(secrets.text(b"01234"), "01234");
    }

    #[test]
    fn a_secret_within_another_leaves_nothing_of_that() {
        let secrets = secrets(&["Bearer inside", "beside inside beside", "short", "basic x"]);
        assert_eq!(
            secrets.text(b"inside, beside inside beside, short"),
            "[secret], [secret], short"
        );
    }
}
