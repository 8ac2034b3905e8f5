//! Asking a model: the seam between the loop and whoever answers.

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
    /// What comes of the answer before its end may be [told](Request::emit); whoever answers at once
    /// need not. Dropping the future gives the request up.
    ///
    /// # Errors
    ///
    /// When the model cannot be reached or does not answer. A run asks again after an error that
    /// [is temporary](ModelError::is_retryable), as its [`Limits`](crate::Limits::retries) say.
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>>;
}

impl<M: Model + ?Sized> Model for Arc<M> {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        (**self).ask(request)
    }
}

/// What a model is asked: everything is borrowed from the run.
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

/// What a model tells of its answer while it comes.
///
/// The response is what counts: an answer that fails later, or is asked for again, voids what was told
/// of it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Delta<'a> {
    /// More of the text.
    Text(&'a str),
    /// More of the visible reasoning.
    Thinking(&'a str),
    /// A tool call begins; its arguments follow.
    Call {
        /// The id that pairs the call with its result.
        id: &'a str,
        /// The name of the tool, as the model wrote it.
        name: &'a str,
    },
    /// More of the arguments of the call that began last; in all they are those of the call.
    Arguments(&'a str),
    /// A call is complete, and the answer has moved past it: something else began after it, or the
    /// answer ends in order to have its calls made.
    ///
    /// The response has the same call, if it comes. The calls come in the order of the response, and
    /// each at most once.
    CallDone(&'a ToolCall),
}

/// Who hears what is told of an answer.
#[derive(Clone, Copy, Default)]
pub(crate) struct DeltaSink<'a>(pub(crate) Option<&'a EmitDelta<'a>>);

type EmitDelta<'a> = dyn Fn(Delta<'_>) + Send + Sync + 'a;

impl fmt::Debug for DeltaSink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "somebody" } else { "nobody" })
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

    /// The same list for all requests of a toolset, so that what is made of it can be kept.
    #[cfg_attr(not(feature = "anthropic"), expect(dead_code, reason = "for the providers"))]
    pub(crate) fn shared_tools(&self) -> &'a Arc<[ToolDefinition]> {
        self.tools
    }

    /// Whether the model has to call a tool, or which.
    #[must_use]
    pub fn tool_choice(&self) -> &'a ToolChoice {
        self.choice
    }

    /// The most bytes that a response may have; a larger one need not be read to its end.
    #[must_use]
    pub fn response_limit(&self) -> usize {
        self.response_limit
    }

    /// The most bytes that one event of a response may have which comes in events.
    #[must_use]
    pub fn event_limit(&self) -> usize {
        self.event_limit
    }

    /// Whether the model may make several calls in one response.
    #[must_use]
    pub fn parallel_tool_calls(&self) -> ParallelToolCalls {
        self.parallel
    }

    /// What was said so far.
    #[must_use]
    pub fn transcript(&self) -> &'a Transcript {
        self.transcript
    }

    /// Tells whoever runs the request what comes of the answer, as it comes.
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

    /// The same request, of whose answer somebody else is told: for a model that asks another one.
    ///
    /// # Examples
    ///
    /// A model that answers in capitals, also while the answer comes:
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

    /// The results of the calls that the model made last; empty if it made none.
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
    /// As the model likes.
    #[default]
    Auto,
    /// The model is told to make one call at a time, and several are run one after another.
    Never,
}

/// Whether a model has to call a tool in each of its responses, or which one.
///
/// It holds for every response of a run: a run whose model must call a tool ends at
/// [`max_turns`](crate::Agent::max_turns).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolChoice {
    /// As the model likes.
    #[default]
    Auto,
    /// It must call one or more of the tools.
    Any,
    /// It must call the tool of this name.
    Named(Arc<str>),
    /// It must not call any, although it is told of them.
    None,
}
