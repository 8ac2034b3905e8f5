use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use serde_json::{Map, Value, json};
use std::sync::Arc;

use crate::error::{ModelError, ModelErrorKind};
use crate::providers::one_line::one_line;
use crate::providers::secret::Secret;
use crate::transport::Secrets;

/// The name of this dialect in an [`Origin`](crate::Origin).
pub(super) const DIALECT: &str = "anthropic";

pub(super) const BASE_URL: &str = "https://api.anthropic.com";

/// How the key is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Auth {
    /// `Authorization: Bearer ..`, as the official clients send it.
    #[default]
    Bearer,
    /// `x-api-key: ..`, for services that accept only this form.
    ApiKey,
}

/// How long the API caches the beginning of a request.
///
/// The ends of the tools, of the system prompt and of the messages are marked as cache breakpoints.
/// No message changes from turn to turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PromptCache {
    /// Nothing is marked.
    Off,
    /// Five minutes from its last use.
    #[default]
    FiveMinutes,
    /// An hour from its last use, for a higher price.
    OneHour,
}

impl PromptCache {
    /// The mark at the end of a part that is cached.
    pub(super) fn mark(self) -> Option<Value> {
        match self {
            Self::Off => None,
            Self::FiveMinutes => Some(json!({"type": "ephemeral"})),
            Self::OneHour => Some(json!({"type": "ephemeral", "ttl": "1h"})),
        }
    }
}

/// The settings that all requests share.
pub(super) struct Settings {
    pub(super) model: Arc<str>,
    pub(super) base_url: String,
    pub(super) version: String,
    pub(super) auth: Auth,
    pub(super) key: Secret,
    pub(super) betas: Vec<String>,
    pub(super) headers: Vec<(String, Secret)>,
    /// Fields of the body, `max_tokens` among them.
    pub(super) fields: Map<String, Value>,
    pub(super) server_tools: Vec<Value>,
    pub(super) cache: PromptCache,
    pub(super) streaming: bool,
    /// The error of a setting that could not be encoded.
    pub(super) refused: Option<String>,
}

impl Settings {
    pub(super) fn new(model: Arc<str>, key: Secret) -> Self {
        const MAX_TOKENS: u32 = 16_000;
        Self {
            model,
            base_url: BASE_URL.to_owned(),
            version: "2026-10-21".to_owned(),
            auth: Auth::default(),
            key,
            betas: Vec::new(),
            headers: Vec::new(),
            fields: Map::from_iter([("max_tokens".to_owned(), MAX_TOKENS.into())]),
            server_tools: Vec::new(),
            cache: PromptCache::default(),
            streaming: true,
            refused: None,
        }
    }

    /// Builds the request with this body.
    pub(super) fn request(&self, body: Vec<u8>) -> Result<Request<Bytes>, ModelError> {
        if let Some(refused) = &self.refused {
            return Err(configuration(refused));
        }
        let mut request = Request::new(Bytes::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri()?;
        *request.headers_mut() = self.request_headers()?;
        Ok(request)
    }

    fn uri(&self) -> Result<Uri, ModelError> {
        const LIKE: &str = "such as `https://api.anthropic.com` (ANTHROPIC_BASE_URL)";
        let base = &*self.base_url;
        if !base.starts_with("https://") && !base.starts_with("http://") {
            let message = format!("the base URL must begin with `https://` or `http://`, {LIKE}");
            return Err(configuration(message));
        }
        if base.ends_with("/v1") || base.ends_with("/v1/messages") {
            let message = format!("the base URL is the part before `/v1`, {LIKE}");
            return Err(configuration(message));
        }
        let uri = format!("{base}/v1/messages").parse::<Uri>();
        let uri = uri.map_err(|error| {
            configuration(format!("the base URL is not a valid address, {LIKE}")).caused_by(error)
        })?;
        // Addresses appear in errors and recordings, so credentials belong in headers.
        if uri.query().is_some() || uri.authority().is_some_and(|host| host.as_str().contains('@'))
        {
            return Err(configuration("the base URL must have neither a user nor a query"));
        }
        Ok(uri)
    }

    fn request_headers(&self) -> Result<HeaderMap, ModelError> {
        let json = HeaderValue::from_static("application/json");
        let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, json.clone());
        headers.insert(ACCEPT, json);
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        headers.insert("anthropic-version", plain("the API version", &self.version)?);
        if !self.betas.is_empty() {
            headers.insert("anthropic-beta", plain("a beta's name", &self.betas.join(","))?);
        }
        let (name, before) = match self.auth {
            Auth::Bearer => (AUTHORIZATION, "Bearer "),
            Auth::ApiKey => (HeaderName::from_static("x-api-key"), ""),
        };
        if self.key.is_empty() {
            return Err(configuration("the key is empty"));
        }
        let key = self.key.header(before);
        headers.insert(name, key.ok_or_else(|| no_header("the key"))?);
        for (name, value) in &self.headers {
            let what = format!("the header `{name}`");
            let name = name.parse::<HeaderName>().map_err(|_| no_header(&what))?;
            headers.insert(name, value.header("").ok_or_else(|| no_header(&what))?);
        }
        Ok(headers)
    }

    /// Blots the secrets of a request out of a text that the API sent.
    pub(super) fn blot(&self, text: &[u8]) -> String {
        let headers = self.request_headers().unwrap_or_default();
        Secrets::of(&headers).text(text)
    }

    /// The id under which Anthropic can look a request up; a gateway in front of it can add its own.
    pub(super) fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        const NAMES: [HeaderName; 2] =
            [HeaderName::from_static("request-id"), HeaderName::from_static("x-request-id")];
        let id = NAMES.iter().find_map(|name| headers.get(name)?.to_str().ok())?;
        Some(one_line(&self.blot(id.as_bytes())))
    }
}

fn plain(what: &str, value: &str) -> Result<HeaderValue, ModelError> {
    HeaderValue::from_str(value).map_err(|_| no_header(what))
}

fn no_header(what: &str) -> ModelError {
    configuration(format!(
        "{what} has characters that a header cannot hold: is there a line break in it?"
    ))
}

pub(super) fn configuration(message: impl Into<String>) -> ModelError {
    ModelError::new(message).with_kind(ModelErrorKind::Configuration)
}
