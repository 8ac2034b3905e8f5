//! Anthropic's Messages API: `POST /v1/messages`.
//!
//! Requests follow the API version 2026-10-21 as the official clients send it (`anthropic` 2.12 for
//! Python). Version and authentication can be changed.

mod decode;
mod encode;
mod failure;
mod messages;
mod settings;
mod stream;
mod tools;

pub use settings::{Auth, PromptCache};

use bytes::Bytes;
use http::HeaderMap;
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::dialect::{Decode, Dialect, ask};
use super::secret::Secret;
use crate::error::{ModelError, ModelErrorKind};
use crate::model::{BoxFuture, Delta, DeltaSink, Model, ParallelToolCalls, Request, ToolChoice};
use crate::providers::sse::Frames;
use crate::transcript::{Response, Transcript};
use crate::transport::{Http, Timeouts, Transport};
use settings::Settings;
use tools::ToolsCache;

/// A model of Anthropic, over the Messages API.
///
/// Blocks that the API sent go back unchanged, so signatures stay valid and prompts hit its cache.
///
/// # Examples
///
/// ```no_run
/// use agent_core::Agent;
/// use agent_core::providers::Anthropic;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let agent = Agent::new(Anthropic::from_env("claude-sonnet-4-6")?);
/// let outcome = agent.run("Name three primary colours.").await?;
/// println!("{}", outcome.text());
/// # Ok(())
/// # }
/// ```
pub struct Anthropic {
    settings: Settings,
    tools: ToolsCache,
    timeouts: Timeouts,
    transport: Option<Arc<dyn Transport>>,
    /// The default transport, created on first use.
    http: OnceLock<Http>,
}

impl Anthropic {
    /// Creates a model with this name and key.
    #[must_use]
    pub fn new(model: impl Into<Arc<str>>, key: impl AsRef<str>) -> Self {
        Self {
            settings: Settings::new(model.into(), Secret::new(key.as_ref())),
            tools: ToolsCache::default(),
            timeouts: Timeouts::default(),
            transport: None,
            http: OnceLock::new(),
        }
    }

    /// Creates a model with the key in `ANTHROPIC_API_KEY` or `ANTHROPIC_AUTH_TOKEN`, at
    /// `ANTHROPIC_BASE_URL` if that is set.
    ///
    /// # Errors
    ///
    /// When neither variable holds a key.
    pub fn from_env(model: impl Into<Arc<str>>) -> Result<Self, ModelError> {
        Self::from_vars(model, |name| std::env::var(name).ok())
    }

    /// As [`from_env`](Self::from_env), with another source of the variables: a test, or a file.
    ///
    /// # Errors
    ///
    /// When no key is found.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::providers::Anthropic;
    ///
    /// let error = Anthropic::from_vars("claude-sonnet-4-6", |_| None).unwrap_err();
    /// assert!(error.to_string().contains("ANTHROPIC_API_KEY"));
    /// ```
    pub fn from_vars(
        model: impl Into<Arc<str>>,
        look_up: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ModelError> {
        const KEYS: [&str; 2] = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"];
        let look_up = |name: &str| look_up(name).filter(|value| !value.trim().is_empty());
        let Some(key) = KEYS.into_iter().find_map(look_up) else {
            let message = "no key: set ANTHROPIC_API_KEY (or ANTHROPIC_AUTH_TOKEN)";
            return Err(ModelError::new(message).with_kind(ModelErrorKind::Configuration));
        };
        let anthropic = Self::new(model, key);
        Ok(match look_up("ANTHROPIC_BASE_URL") {
            Some(url) => anthropic.base_url(url),
            None => anthropic,
        })
    }

    /// Sets the address to which `/v1/messages` is appended; `https://api.anthropic.com` by
    /// default.
    #[must_use]
    pub fn base_url(mut self, url: impl AsRef<str>) -> Self {
        self.settings.base_url = url.as_ref().trim().trim_end_matches('/').into();
        self
    }

    /// Sets the API version; `2026-10-21` by default. From that version on, the API rejects
    /// `temperature`, `top_p` and `top_k`.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.settings.version = version.into();
        self
    }

    /// Sets how the key is sent; [`Auth::Bearer`] by default.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.settings.auth = auth;
        self
    }

    /// Enables a beta feature of the API by its name.
    #[must_use]
    pub fn beta(mut self, name: impl Into<String>) -> Self {
        self.settings.betas.push(name.into());
        self
    }

    /// Adds a header to each request. Its value is never shown; a value of 16 bytes or more is also
    /// blotted out where an error or a recording would repeat it.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl AsRef<str>) -> Self {
        self.settings.headers.push((name.into(), Secret::new(value.as_ref())));
        self
    }

    /// Sets the maximum number of tokens of a response; 16,000 by default.
    ///
    /// A much larger number can need longer [`Timeouts`], above all without streaming.
    #[must_use]
    pub fn max_tokens(self, tokens: u32) -> Self {
        self.field("max_tokens", tokens)
    }

    /// Sets a field of the request's body, such as `thinking`, `temperature`, `stop_sequences` or
    /// `metadata`, as the API documents it. A field that is not set is not sent.
    ///
    /// The fields that the agent fills in cannot be set: `model`, `system`, `tools`, `tool_choice`,
    /// `messages` and `stream`.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::providers::Anthropic;
    /// use serde_json::json;
    ///
    /// let model = Anthropic::new("claude-opus-4-6", "a key")
    ///     .field("thinking", json!({"type": "adaptive"}))
    ///     .field("stop_sequences", ["END"]);
    /// # _ = model;
    /// ```
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match serde_json::to_value(value) {
            Ok(value) => _ = self.settings.fields.insert(name, value),
            Err(error) => self.settings.refused = Some(format!("field `{name}`: {error}")),
        }
        self
    }

    /// Adds a tool that Anthropic runs, such as web search, as the API documents it.
    #[must_use]
    pub fn server_tool(mut self, tool: Value) -> Self {
        self.settings.server_tools.push(tool);
        self.tools = ToolsCache::default();
        self
    }

    /// Sets how long the API keeps prompts in its cache; five minutes by default.
    #[must_use]
    pub fn prompt_cache(mut self, cache: PromptCache) -> Self {
        self.settings.cache = cache;
        self.tools = ToolsCache::default();
        self
    }

    /// Sets whether answers are streamed while the model writes them; `true` by default.
    ///
    /// Without streaming, an answer arrives as a whole when it is complete. The response is the
    /// same.
    #[must_use]
    pub fn streaming(mut self, streaming: bool) -> Self {
        self.settings.streaming = streaming;
        self
    }

    /// Sets how long each step of a request may take.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self.http = OnceLock::new();
        self
    }

    /// Sends requests with your own client, with its proxies, certificates and limits.
    #[must_use]
    pub fn client(self, client: reqwest::Client) -> Self {
        self.transport(Http::from(client))
    }

    /// Sends requests over another transport, such as one that records them.
    #[must_use]
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    fn the_transport(&self) -> Result<&dyn Transport, ModelError> {
        if let Some(transport) = &self.transport {
            return Ok(&**transport);
        }
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let http = Http::new(self.timeouts)?;
        Ok(self.http.get_or_init(|| http))
    }
}

impl Model for Anthropic {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move { ask(self, self.the_transport()?, &self.timeouts, request).await })
    }
}

impl Dialect for Anthropic {
    fn encode(&self, request: &Request<'_>) -> Result<http::Request<Bytes>, ModelError> {
        let body = encode::body(&self.settings, &self.tools, request)?;
        self.settings.request(body)
    }

    fn decode(
        &self,
        request: &Request<'_>,
        answer: &http::Response<Bytes>,
    ) -> Result<Response, ModelError> {
        if !answer.status().is_success() {
            return Err(failure::of(&self.settings, request, answer));
        }
        // Gateways can send an error of the API with a status of success.
        decode::response(&self.settings, answer)
            .map_err(|error| failure::in_body(&self.settings, request, answer).unwrap_or(error))
    }

    fn decoder<'a>(&'a self, request: Request<'a>, headers: HeaderMap) -> impl Decode + Send + 'a {
        stream::Decoder::new(&self.settings, request, headers)
    }
}

/// Decodes the pieces of a stream without a transport: for the benches, which compare it with a
/// bare parse of the same JSON.
#[doc(hidden)]
pub fn stream_in_place(
    model: &Anthropic,
    pieces: &[Bytes],
    sink: &(dyn Fn(Delta<'_>) + Send + Sync),
) -> Result<Response, ModelError> {
    let (tools, choice, transcript) = (Arc::default(), ToolChoice::Auto, Transcript::default());
    let request = Request {
        system: None,
        tools: &tools,
        choice: &choice,
        parallel: ParallelToolCalls::Auto,
        response_limit: usize::MAX,
        event_limit: usize::MAX,
        transcript: &transcript,
        sink: DeltaSink(Some(sink)),
    };
    let mut frames = Frames::new(request.event_limit());
    let mut decoder = model.decoder(request, HeaderMap::new());
    for piece in pieces {
        frames.push(piece.clone());
        while let Some(data) = frames.pop()? {
            decoder.event(&data)?;
        }
    }
    decoder.end()
}

impl fmt::Debug for Anthropic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anthropic")
            .field("model", &self.settings.model)
            .field("version", &self.settings.version)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}
