use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::{BoxError, with_sources};

/// Why a model did not answer, and what the provider said of it.
///
/// Its text says what to do, where that is known. It holds no key: what a provider quotes of the
/// request's credentials is blotted out.
///
/// # Examples
///
/// A model of your own says what went wrong in the same words, and is asked again accordingly:
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

/// What kind of trouble a [`ModelError`] is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModelErrorKind {
    /// Something on this side does not do, such as a key that is missing or an address that redirects.
    Configuration,
    /// The provider refuses the request as it is.
    Request,
    /// The conversation is longer than the model or the provider takes.
    TooLong,
    /// The key is wrong.
    Authentication,
    /// The key may not do this.
    Permission,
    /// No credit is left, or a limit on spending is reached.
    Billing,
    /// There is no such model, or the address is wrong.
    NotFound,
    /// Too many requests or tokens for now.
    RateLimited,
    /// The provider has too much to do.
    Overloaded,
    /// The provider failed.
    Server,
    /// The provider could not be reached, or the connection was lost.
    Connection,
    /// No answer came within its time.
    Timeout,
    /// What came is no answer that can be read.
    Unreadable,
    /// The answer is larger than [`Limits::response_bytes`](crate::Limits::response_bytes), or an event of it than
    /// [`Limits::event_bytes`](crate::Limits::event_bytes).
    TooLarge,
    /// Anything else.
    #[default]
    Other,
}

impl ModelError {
    /// An error with a text for the host, of the kind [`ModelErrorKind::Other`].
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

    /// Sets the kind, from which follows whether the model is asked again.
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

    /// Adds the provider's own name for errors of this sort, such as `overloaded_error`.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.0.name = Some(name.into());
        self
    }

    /// Adds the provider's code, which says more than the name.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Adds the id by which the provider finds the request.
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

    /// Adds whether the provider wants the request to be sent again; it counts more than the kind.
    #[must_use]
    pub fn with_should_retry(mut self, again: bool) -> Self {
        self.0.should_retry = Some(again);
        self
    }

    /// Adds what the provider sent; its first 4 KiB are kept.
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

    /// Adds the error that caused it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// What kind of trouble it is.
    #[must_use]
    pub fn kind(&self) -> ModelErrorKind {
        self.0.kind
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The provider's own name for errors of this sort, such as `rate_limit_error`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// The provider's code, where it sends one that says more than the name.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The id by which the provider finds the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long the provider asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The beginning of what the provider sent.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// How often the model was asked before this error was the last word.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the same request may well succeed later: such errors are what a run retries.
    ///
    /// The provider's own word comes first, where it says whether to send the request again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        use ModelErrorKind as Kind;
        match self.0.kind {
            // Nothing that the provider could judge, or nothing that time would heal.
            Kind::Configuration | Kind::Billing | Kind::Unreadable | Kind::TooLarge => false,
            kind => self.0.should_retry.unwrap_or(match kind {
                Kind::RateLimited
                | Kind::Overloaded
                | Kind::Server
                | Kind::Connection
                | Kind::Timeout => true,
                // Whatever the body says; 408 and 409 are a time limit and a lock of the server.
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

/// Its text with those of its sources, as `main` prints it.
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
