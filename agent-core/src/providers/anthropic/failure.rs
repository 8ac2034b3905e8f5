//! Turns answers without a response into errors that name the remedy.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use std::time::{Duration, SystemTime};

use super::settings::{Auth, BASE_URL, Settings};
use crate::error::{ModelError, ModelErrorKind as Kind};
use crate::model::Request;
use crate::providers::json_members::{members, value};
use crate::providers::one_line::one_line;

type HttpAnswer = http::Response<Bytes>;

/// The error of an answer whose status is an error.
pub(super) fn of(settings: &Settings, request: &Request<'_>, answer: &HttpAnswer) -> ModelError {
    let status = answer.status();
    let body = text(settings, answer);
    let WireFailure { name, said, code, id } = WireFailure::of(&body);
    let said = said.unwrap_or_else(|| one_line(&body));
    let kind = kind(status, name.as_deref(), code.as_deref(), &said);
    let message = advice(settings, request, kind, answer, &one_line(&said));

    let mut error = ModelError::new(message).with_kind(kind).with_status(status.as_u16());
    if let Some(name) = name {
        error = error.with_name(name);
    }
    if let Some(code) = code {
        error = error.with_code(code);
    }
    if let Some(id) = settings.request_id(answer.headers()).or(id) {
        error = error.with_request_id(id);
    }
    if let Some(wait) = retry_after(answer.headers(), SystemTime::now()) {
        error = error.with_retry_after(wait);
    }
    match answer.headers().get("x-should-retry").and_then(|again| again.to_str().ok()) {
        Some("true") => error = error.with_should_retry(true),
        Some("false") => error = error.with_should_retry(false),
        _ => {}
    }
    error.with_body(body)
}

/// The error in the body of an answer, whatever its status; `None` if the body is not an error.
pub(super) fn in_body(
    settings: &Settings,
    request: &Request<'_>,
    answer: &HttpAnswer,
) -> Option<ModelError> {
    WireFailure::of(&text(settings, answer)).name.map(|_| of(settings, request, answer))
}

/// `{"type": "error", "error": {"type", "message", "details": {"error_code"}}, "request_id"}`
#[derive(Default)]
struct WireFailure {
    name: Option<String>,
    said: Option<String>,
    code: Option<String>,
    id: Option<String>,
}

impl WireFailure {
    /// Reads the members that are present.
    fn of(body: &str) -> Self {
        let [error, id] = members(body, ["error", "request_id"]).unwrap_or_default();
        let inner = error.and_then(|raw| members(raw.get(), ["type", "message", "details"]).ok());
        let [name, said, details] = inner.unwrap_or_default();
        let code = details.and_then(|raw| members(raw.get(), ["error_code"]).ok());
        let [code] = code.unwrap_or_default();
        let [name, code, id] = [name, code, id].map(|raw| Some(one_line(&value::<String>(raw)?)));
        Self { name, said: value(said), code, id }
    }
}

/// The error of an answer with a status of success that holds no response.
pub(super) fn unreadable(settings: &Settings, answer: &HttpAnswer, why: &str) -> ModelError {
    let body = text(settings, answer);
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let message = match kind.filter(|kind| !kind.contains("json")) {
        Some(kind) => {
            let kind = one_line(&settings.blot(kind.as_bytes()));
            format!("the answer is of type {kind} and holds no response: is the base URL right?")
        }
        None => format!("the answer holds no response: {why}"),
    };
    let error = ModelError::new(message)
        .with_kind(Kind::Unreadable)
        .with_status(answer.status().as_u16())
        .with_body(body);
    identified(error, settings, answer.headers())
}

/// The error of a malformed or misplaced event of a stream.
pub(super) fn broken(settings: &Settings, event: &HttpAnswer, why: &str) -> ModelError {
    let error = ModelError::new(format!("the answer is malformed: {why}"))
        .with_kind(Kind::Unreadable)
        .with_status(event.status().as_u16())
        .with_body(text(settings, event));
    identified(error, settings, event.headers())
}

/// The error of a stream that ends too early.
pub(super) fn cut(settings: &Settings, headers: &HeaderMap) -> ModelError {
    let error = ModelError::new("the answer ended before the response was complete");
    identified(error.with_kind(Kind::Connection), settings, headers)
}

fn identified(error: ModelError, settings: &Settings, headers: &HeaderMap) -> ModelError {
    match settings.request_id(headers) {
        Some(id) => error.with_request_id(id),
        None => error,
    }
}

/// The position of a JSON error. The error's own text can quote the JSON, which may hold secrets.
pub(super) fn place(error: &serde_json::Error) -> String {
    format!("no JSON at line {} column {}", error.line(), error.column())
}

fn text(settings: &Settings, answer: &HttpAnswer) -> String {
    /// More than `ModelError` keeps of a body: secrets are blotted out first, so none is cut in
    /// half.
    const MOST: usize = 64 << 10;
    let body = answer.body();
    let body = body.get(..MOST.min(body.len())).unwrap_or_default();
    settings.blot(body)
}

fn kind(status: StatusCode, name: Option<&str>, code: Option<&str>, said: &str) -> Kind {
    if status.is_redirection() {
        return Kind::Configuration;
    }
    // Codes for errors that waiting cannot resolve, sent with statuses that otherwise mean "retry
    // later".
    if code.is_some_and(|code| code.contains("spend_limit") || code.contains("credit")) {
        return Kind::Billing;
    }
    match name {
        Some("invalid_request_error") if said.contains("credit balance") => Kind::Billing,
        Some("invalid_request_error")
            if ["prompt is too long", "context window", "context limit"]
                .iter()
                .any(|words| said.contains(words)) =>
        {
            Kind::TooLong
        }
        Some("invalid_request_error") => Kind::Request,
        Some("request_too_large") => Kind::TooLong,
        Some("authentication_error") => Kind::Authentication,
        Some("permission_error") => Kind::Permission,
        Some("billing_error") => Kind::Billing,
        Some("not_found_error") => Kind::NotFound,
        Some("rate_limit_error") => Kind::RateLimited,
        Some("overloaded_error") => Kind::Overloaded,
        Some("timeout_error") => Kind::Timeout,
        Some("api_error") => Kind::Server,
        _ => by_status(status),
    }
}

fn by_status(status: StatusCode) -> Kind {
    match status.as_u16() {
        401 => Kind::Authentication,
        402 => Kind::Billing,
        403 => Kind::Permission,
        404 => Kind::NotFound,
        408 | 504 => Kind::Timeout,
        413 => Kind::TooLong,
        429 => Kind::RateLimited,
        503 | 529 => Kind::Overloaded,
        400..500 => Kind::Request,
        500..600 => Kind::Server,
        _ => Kind::Other,
    }
}

/// Describes what happened, the API's own message, and what to do.
fn advice(
    settings: &Settings,
    request: &Request<'_>,
    kind: Kind,
    answer: &HttpAnswer,
    said: &str,
) -> String {
    let said = match said.trim_end_matches('.') {
        "" => "no further details",
        said => said,
    };
    let (model, url) = (&settings.model, &settings.base_url);
    match kind {
        Kind::Authentication => {
            let other = settings.auth == Auth::Bearer && *url != *BASE_URL;
            let hint =
                if other { ", or `.auth(Auth::ApiKey)` if it wants `x-api-key`" } else { "" };
            format!("the key was refused: {said}; check ANTHROPIC_API_KEY{hint}")
        }
        Kind::Permission => format!("the key lacks a permission: {said}"),
        Kind::Billing => format!("the account does not cover this: {said}"),
        Kind::NotFound => format!(
            "no model `{model}`, or no API at {url}: {said}; the base URL is the part before `/v1`"
        ),
        Kind::TooLong => format!("the conversation is too long for `{model}`: {said}"),
        Kind::RateLimited => format!("too many requests: {said}"),
        Kind::Overloaded => format!("the API is overloaded: {said}"),
        Kind::Configuration => {
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let to = one_line(&settings.blot(to.unwrap_or("nowhere").as_bytes()));
            format!("{url} redirects to {to}, which is not followed: set the base URL to it")
        }
        Kind::Request => match named_tool(request, said) {
            Some(name) => format!("the API refuses the tool `{name}`: {said}"),
            None => format!("the API refuses the request: {said}"),
        },
        Kind::Timeout => format!("the API ran out of time: {said}"),
        _ => format!("the API failed: {said}"),
    }
}

/// Finds the tool that an API error names by its index: `tools.2.custom.input_schema: ..`.
fn named_tool<'a>(request: &Request<'a>, said: &str) -> Option<&'a str> {
    let (_, place) = said.split_once("tools.")?;
    let place = place.split(|c: char| !c.is_ascii_digit()).next()?;
    Some(request.tools().get(place.parse::<usize>().ok()?)?.name())
}

/// Reads `retry-after-ms`, or `retry-after` in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let ms = header("retry-after-ms").and_then(number);
    if let Some(wait) = ms.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok()) {
        return Some(wait);
    }
    let after = header(RETRY_AFTER.as_str())?;
    match number(after) {
        Some(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        None => httpdate::parse_http_date(after).ok()?.duration_since(now).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delay(name: &'static str, value: &'static str) -> Option<Duration> {
        let now = httpdate::parse_http_date("Sun, 22 Nov 2026 10:00:00 GMT").unwrap();
        let value = http::HeaderValue::from_static(value);
        retry_after(&HeaderMap::from_iter([(http::HeaderName::from_static(name), value)]), now)
    }

    #[test]
    fn a_retry_delay_is_read_in_all_its_forms() {
        assert_eq!(delay("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(delay("retry-after", " 0.5 "), Some(Duration::from_millis(500)));
        assert_eq!(delay("retry-after-ms", "250"), Some(Duration::from_millis(250)));
        let date = delay("retry-after", "Sun, 22 Nov 2026 10:00:30 GMT");
        assert_eq!(date, Some(Duration::from_secs(30)));
        for nonsense in ["", "soon", "-1", "NaN", "inf", "1e400", "Sun, 22 Nov 2020 10:00:30 GMT"] {
            assert_eq!(delay("retry-after", nonsense), None, "{nonsense}");
        }
    }
}
