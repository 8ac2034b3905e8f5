use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::chain::{BoxError, with_sources};

/// Why a model did not answer, with the provider's details.
///
/// Its text names a remedy where one is known. It never holds a key: credentials of the request
/// that a provider quotes are blotted out.
///
/// # Examples
///
/// Your own model reports errors with the same kinds, which decide whether it is asked again:
///
/// ```
/// use agent_core::{ModelError, ModelErrorKind};
/// use std::time::Duration;
///
/// let error = ModelError::new("the queue is full")
///     .with_kind(ModelErrorKind::Overloaded)
///     .with_status(529)
///     .with_retry_after(Duration::from_secs(2));
/// assert_eq!(error.to_string(), "the queue is full (status 529, retry after 2s)");
/// assert!(error.is_retryable());
/// ```
pub struct ModelError(Box<Details>);

struct Details {
    kind: ModelErrorKind,
    message: String,
    status: Option<u16>,
    name: Option<String>,
    code: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    should_retry: Option<bool>,
    body: Option<String>,
    attempts: u32,
    source: Option<BoxError>,
}

/// The kind of a [`ModelError`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModelErrorKind {
    /// A setting on this side is wrong, such as a missing key or an address that redirects.
    Configuration,
    /// The provider rejects the request.
    Request,
    /// The conversation is longer than the model or the provider accepts.
    TooLong,
    /// The key is wrong.
    Authentication,
    /// The key lacks a permission.
    Permission,
    /// No credit is left, or a spending limit is reached.
    Billing,
    /// There is no such model, or the address is wrong.
    NotFound,
    /// Too many requests or tokens for now.
    RateLimited,
    /// The provider is overloaded.
    Overloaded,
    /// The provider failed.
    Server,
    /// The provider could not be reached, or the connection was lost.
    Connection,
    /// No answer arrived in time.
    Timeout,
    /// The answer cannot be decoded.
    Unreadable,
    /// The answer is larger than [`Limits::response_bytes`](crate::Limits::response_bytes), or an event of it than
    /// [`Limits::event_bytes`](crate::Limits::event_bytes).
    TooLarge,
    /// Anything else.
    #[default]
    Other,
}

impl ModelError {
    /// Creates an error of the kind [`ModelErrorKind::Other`] with a text for the host.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind: ModelErrorKind::default(),
            message: message.into(),
            status: None,
            name: None,
            code: None,
            request_id: None,
            retry_after: None,
            should_retry: None,
            body: None,
            attempts: 1,
            source: None,
        }))
    }

    /// Sets the kind, which decides whether the model is asked again.
    #[must_use]
    pub fn with_kind(mut self, kind: ModelErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Adds the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Adds the provider's own name for this kind of error, such as `overloaded_error`.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.0.name = Some(name.into());
        self
    }

    /// Adds the provider's code, which is more specific than the name.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Adds the id under which the provider can look the request up.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Adds how long the provider asks to wait before the next request.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Adds whether the provider asks for the request to be sent again, which takes precedence over
    /// the kind.
    #[must_use]
    pub fn with_should_retry(mut self, again: bool) -> Self {
        self.0.should_retry = Some(again);
        self
    }

    /// Adds the body that the provider sent; its first 4 KiB are kept.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<String>) -> Self {
        const MOST: usize = 4 << 10;
        let mut body = body.into();
        let end = (0..=MOST.min(body.len())).rev().find(|at| body.is_char_boundary(*at));
        body.truncate(end.unwrap_or_default());
        body.shrink_to_fit();
        self.0.body = Some(body);
        self
    }

    /// Adds the source of the error.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> ModelErrorKind {
        self.0.kind
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The provider's own name for this kind of error, such as `rate_limit_error`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// The provider's code, if it sent one that is more specific than the name.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The id under which the provider can look the request up.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long the provider asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The beginning of the body that the provider sent.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// The number of attempts, of which this error is the last.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the same request may succeed later. A run retries such errors.
    ///
    /// If the provider says whether to send the request again, that takes precedence over the kind.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        use ModelErrorKind as Kind;
        match self.0.kind {
            // Errors that the provider cannot know of, or that waiting does not resolve.
            Kind::Configuration | Kind::Billing | Kind::Unreadable | Kind::TooLarge => false,
            kind => self.0.should_retry.unwrap_or(match kind {
                Kind::RateLimited
                | Kind::Overloaded
                | Kind::Server
                | Kind::Connection
                | Kind::Timeout => true,
                // Whatever the body holds. 408 and 409 report a timeout and a lock of the server.
                _ => matches!(self.0.status, Some(408 | 409 | 429 | 500..)),
            }),
        }
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { message, status, name, code, retry_after, request_id, attempts, .. } =
            &*self.0;
        f.write_str(message)?;
        let mut facts = Vec::new();
        facts.extend(status.map(|status| format!("status {status}")));
        facts.extend(name.clone());
        facts.extend(code.clone());
        facts.extend(retry_after.map(|wait| format!("retry after {wait:?}")));
        facts.extend(request_id.as_ref().map(|id| format!("request {id}")));
        facts.extend((*attempts > 1).then(|| format!("asked {attempts} times")));
        if facts.is_empty() { Ok(()) } else { write!(f, " ({})", facts.join(", ")) }
    }
}

/// Its text and those of its sources, because `main` prints errors with `Debug`.
impl fmt::Debug for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        with_sources(self, f)
    }
}

impl Error for ModelError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source: &(dyn Error + 'static) = self.0.source.as_deref()?;
        Some(source)
    }
}
