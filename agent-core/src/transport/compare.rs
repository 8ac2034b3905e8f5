//! Compares a request with a recorded one and finds the first difference.

use bytes::Bytes;
use http::Request;
use serde_json::Value;
use std::collections::BTreeSet;

use super::exchange::RecordedRequest;
use super::secrets::{BLOT, Secrets};
use crate::json::excerpt;

/// The request of a recording.
pub(super) struct Expected {
    path: String,
    body: Value,
}

impl From<RecordedRequest> for Expected {
    fn from(asked: RecordedRequest) -> Self {
        // Some clients were recorded with a query.
        let path = asked.path.split('?').next().unwrap_or_default().to_owned();
        let text = asked.body_text.unwrap_or_default();
        let body = asked.body.map_or(Value::String(text), |body| json_or_text(body.get()));
        Self { path, body }
    }
}

/// The value of a body; its text if it is not JSON.
fn json_or_text(text: &str) -> Value {
    let json = serde_json::from_str(text).ok().filter(|json: &Value| !json.is_string());
    json.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// A request to compare with a recorded one.
pub(super) struct Sent {
    path: String,
    json: Value,
    text: Value,
    secrets: Secrets,
}

impl Sent {
    pub(super) fn of(request: &Request<Bytes>) -> Self {
        let text = String::from_utf8_lossy(request.body());
        let json = json_or_text(&text);
        let path = request.uri().path().to_owned();
        let secrets = Secrets::of(request.headers());
        Self { path, json, text: Value::String(text.into_owned()), secrets }
    }
}

impl Expected {
    /// Describes the first place where they differ and both values there; `None` if they are the
    /// same.
    pub(super) fn mismatch(&self, sent: &Sent) -> Option<String> {
        let Self { path, body } = self;
        if !alike(path, &sent.path) {
            return Some(format!("path: {}", shown_pair(path, &sent.path, &sent.secrets)));
        }
        let sent_body = if body.is_string() { &sent.text } else { &sent.json };
        let Difference { path, recorded, sent: its } = difference(Some(body), Some(sent_body))?;
        let path = match path.trim_start_matches('.') {
            "" => "body".to_owned(),
            path => excerpt(&sent.secrets.text(path.as_bytes()), 200),
        };
        let text = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
        Some(format!("{path}: {}", shown_pair(&text(recorded), &text(its), &sent.secrets)))
    }
}

struct Difference<'a> {
    path: String,
    recorded: Option<&'a Value>,
    sent: Option<&'a Value>,
}

impl Difference<'_> {
    fn within(mut self, step: &str) -> Self {
        self.path.insert_str(0, step);
        self
    }
}

fn difference<'a>(recorded: Option<&'a Value>, sent: Option<&'a Value>) -> Option<Difference<'a>> {
    match (recorded, sent) {
        (Some(Value::Object(recorded)), Some(Value::Object(sent))) => {
            let names: BTreeSet<_> = recorded.keys().chain(sent.keys()).collect();
            names.into_iter().find_map(|name| {
                let inner = difference(recorded.get(name), sent.get(name))?;
                Some(inner.within(&format!(".{name}")))
            })
        }
        (Some(Value::Array(recorded)), Some(Value::Array(sent))) => {
            (0..recorded.len().max(sent.len())).find_map(|at| {
                let inner = difference(recorded.get(at), sent.get(at))?;
                Some(inner.within(&format!("[{at}]")))
            })
        }
        (Some(Value::String(recorded)), Some(Value::String(sent))) if alike(recorded, sent) => None,
        (recorded, sent) if recorded == sent => None,
        _ => Some(Difference { path: String::new(), recorded, sent }),
    }
}

/// Whether a text matches the recorded one, in which each `[secret]` matches any text.
fn alike(recorded: &str, sent: &str) -> bool {
    let Some((start, rest)) = recorded.split_once(BLOT) else { return recorded == sent };
    let (middle, end) = rest.rsplit_once(BLOT).unwrap_or(("", rest));
    let rest = sent.strip_prefix(start).and_then(|sent| sent.strip_suffix(end));
    let mut parts = middle.split(BLOT);
    rest.is_some_and(|rest| {
        parts.try_fold(rest, |rest, part| Some(rest.split_once(part)?.1)).is_some()
    })
}

/// Shows both texts from shortly before the place where they differ.
fn shown_pair(recorded: &str, sent: &str, secrets: &Secrets) -> String {
    const BEFORE: usize = 20;
    const MOST: usize = 60;
    let [recorded, sent] = [recorded, sent].map(|text| secrets.text(text.as_bytes()));
    let same = recorded.chars().zip(sent.chars()).take_while(|(a, b)| a == b).count();
    let skipped = same.saturating_sub(BEFORE);
    let shown = |text: &str| {
        let dots = if skipped > 0 { "…" } else { "" };
        format!("{dots}{}", excerpt(&text.chars().skip(skipped).collect::<String>(), MOST))
    };
    format!("recorded {}, sent {}", shown(&recorded), shown(&sent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blotted_secret_matches_any_text() {
        for sent in ["a KEY b OTHER c", "a  b  c", "a [secret] b [secret] c", "a x b y b z c"] {
            assert!(alike("a [secret] b [secret] c", sent), "{sent}");
        }
        for sent in ["a KEY b c", "KEY b OTHER c", "a KEY b OTHER", "a  c", ""] {
            assert!(!alike("a [secret] b [secret] c", sent), "{sent}");
        }
        assert!(
            alike("[secret]", "") && alike("[secret][secret]", "") && !alike("x[secret]x", "x")
        );
    }

    #[test]
    fn long_texts_are_shown_from_shortly_before_they_differ() {
        let [recorded, sent] = ["a", "b"].map(|c| format!("{}{}", "=".repeat(500), c.repeat(500)));
        let shown_pair = shown_pair(&recorded, &sent, &Secrets::of(&http::HeaderMap::new()));
        let [before, a, b] = [("=", 20), ("a", 40), ("b", 40)].map(|(c, count)| c.repeat(count));
        assert_eq!(shown_pair, format!("recorded …{before}{a}…, sent …{before}{b}…"));
    }
}
