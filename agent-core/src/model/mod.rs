//! The interface between a run and a model.

pub(crate) mod retry;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::error::ModelError;
use crate::schema::ToolDefinition;
use crate::transcript::{Response, ToolCall, Transcript};

/// A boxed future that may be sent to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something that answers requests: a provider, or a script.
///
/// # Examples
///
/// ```
/// use agent_core::{Agent, BoxFuture, Model, ModelError, Request, Response};
///
/// struct Echo;
///
/// impl Model for Echo {
///     fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
///         let heard = format!("{} messages", request.transcript().messages().len());
///         Box::pin(async move { Ok(Response::new().with_text(heard)) })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!(Agent::new(Echo).run("hello").await?.text(), "1 messages");
/// # Ok(())
/// # }
/// ```
pub trait Model: Send + Sync {
    /// Answers a request.
    ///
    /// A model that streams emits parts of its answer with [`Request::emit`]; others need not.
    /// Dropping the future cancels the request.
    ///
    /// # Errors
    ///
    /// When the model cannot be reached or does not answer. A run asks again after an error that
    /// [is retryable](ModelError::is_retryable), as often as its [`Limits`](crate::Limits::retries)
    /// allow.
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>>;
}

impl<M: Model + ?Sized> Model for Arc<M> {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        (**self).ask(request)
    }
}

/// A request to a model. Everything in it is borrowed from the run.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub(crate) system: Option<&'a str>,
    pub(crate) tools: &'a Arc<[ToolDefinition]>,
    pub(crate) choice: &'a ToolChoice,
    pub(crate) parallel: ParallelToolCalls,
    pub(crate) response_limit: usize,
    pub(crate) event_limit: usize,
    pub(crate) transcript: &'a Transcript,
    pub(crate) sink: DeltaSink<'a>,
}

/// A part of an answer that a model emits before the answer is complete.
///
/// Only the response counts: an answer that fails later, or is asked for again, voids what was
/// emitted of it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Delta<'a> {
    /// Further text.
    Text(&'a str),
    /// Further visible reasoning.
    Thinking(&'a str),
    /// A tool call begins; its arguments follow.
    Call {
        /// The id that pairs the call with its result.
        id: &'a str,
        /// The name of the tool, as the model wrote it.
        name: &'a str,
    },
    /// Further JSON text of the arguments of the call that began last.
    Arguments(&'a str),
    /// A call is complete, and the answer has moved past it: another block began after it, or the
    /// answer ends with the stop reason [`StopReason::ToolUse`](crate::StopReason::ToolUse).
    ///
    /// If the answer does not fail, its response holds the same call. Calls are emitted in the
    /// order of the response, and each at most once.
    CallDone(&'a ToolCall),
}

/// The receiver of the deltas of an answer, if there is one.
#[derive(Clone, Copy, Default)]
pub(crate) struct DeltaSink<'a>(pub(crate) Option<&'a EmitDelta<'a>>);

type EmitDelta<'a> = dyn Fn(Delta<'_>) + Send + Sync + 'a;

impl fmt::Debug for DeltaSink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "DeltaSink(..)" } else { "None" })
    }
}

impl<'a> Request<'a> {
    /// The system prompt.
    #[must_use]
    pub fn system(&self) -> Option<&'a str> {
        self.system
    }

    /// The tools that the model may call, sorted by name.
    #[must_use]
    pub fn tools(&self) -> &'a [ToolDefinition] {
        self.tools
    }

    /// The same allocation for all requests of a toolset, so that a dialect can cache what it
    /// encoded.
    #[cfg_attr(not(feature = "anthropic"), expect(dead_code, reason = "for the providers"))]
    pub(crate) fn shared_tools(&self) -> &'a Arc<[ToolDefinition]> {
        self.tools
    }

    /// Whether the model must call a tool, and which.
    #[must_use]
    pub fn tool_choice(&self) -> &'a ToolChoice {
        self.choice
    }

    /// The most bytes of a response; the model may stop reading a larger one.
    #[must_use]
    pub fn response_limit(&self) -> usize {
        self.response_limit
    }

    /// The most bytes of one event of a response that is streamed as events.
    #[must_use]
    pub fn event_limit(&self) -> usize {
        self.event_limit
    }

    /// Whether the model may make several calls in one response.
    #[must_use]
    pub fn parallel_tool_calls(&self) -> ParallelToolCalls {
        self.parallel
    }

    /// The conversation so far.
    #[must_use]
    pub fn transcript(&self) -> &'a Transcript {
        self.transcript
    }

    /// Emits a part of the answer to the run before the answer is complete.
    ///
    /// A [`Model`] that does not stream never calls it.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{BoxFuture, Delta, Model, ModelError, Request, Response};
    ///
    /// struct Slow;
    ///
    /// impl Model for Slow {
    ///     fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
    ///         Box::pin(async move {
    ///             for word in ["One, ", "two, ", "three."] {
    ///                 request.emit(Delta::Text(word));
    ///             }
    ///             Ok(Response::new().with_text("One, two, three."))
    ///         })
    ///     }
    /// }
    /// ```
    pub fn emit(&self, delta: Delta<'_>) {
        if let Some(sink) = self.sink.0 {
            sink(delta);
        }
    }

    /// Returns the same request with another receiver of deltas: for a model that asks another
    /// model.
    ///
    /// # Examples
    ///
    /// A model that answers in capitals, also while it streams:
    ///
    /// ```
    /// use agent_core::{BoxFuture, Delta, Model, ModelError, Request, Response};
    ///
    /// struct Loud<M>(M);
    ///
    /// impl<M: Model> Model for Loud<M> {
    ///     fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
    ///         Box::pin(async move {
    ///             let sink = |delta: Delta<'_>| {
    ///                 if let Delta::Text(text) = delta {
    ///                     request.emit(Delta::Text(&text.to_uppercase()));
    ///                 }
    ///             };
    ///             let response = self.0.ask(request.with_sink(&sink)).await?;
    ///             Ok(Response::new().with_text(response.text().to_uppercase()))
    ///         })
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn with_sink(mut self, sink: &'a (dyn Fn(Delta<'_>) + Send + Sync + 'a)) -> Self {
        self.sink = DeltaSink(Some(sink));
        self
    }

    /// The results of the calls of the model's last response; empty if it made none.
    #[must_use]
    pub fn results(&self) -> &'a [crate::ToolResult] {
        let last = self.transcript.messages().last();
        last.and_then(crate::Message::as_results).unwrap_or_default()
    }
}

/// Whether a model is asked to make at most one call in a response.
///
/// Order and safety never depend on it: calls that must not overlap are ordered by what they
/// declare to touch, whatever the model does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParallelToolCalls {
    /// The model decides.
    #[default]
    Auto,
    /// The model is asked to make one call at a time; if it makes several, they run one after
    /// another.
    Never,
}

/// Whether a model must call a tool in each of its responses, and which one.
///
/// It applies to every response of a run: a run whose model must call a tool ends at
/// [`max_turns`](crate::Agent::max_turns).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// It must call one or more of the tools.
    Any,
    /// It must call the tool of this name.
    Named(Arc<str>),
    /// It must not call any, although they are listed in the request.
    None,
}
