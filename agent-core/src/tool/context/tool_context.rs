//! The call that a tool answers, as the tool sees it.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;

use crate::sync::Instant;
use crate::tool::context::parent::{ParentCall, Scope};

/// The call that a tool is answering: take it as a parameter to know it.
///
/// # Examples
///
/// ```
/// use agent_core::{ToolContext, tool};
///
/// /// Pay an invoice.
/// #[tool(write)]
/// async fn pay(ctx: ToolContext, invoice: String) -> String {
///     // The service takes a request that is sent again under this key for the same one.
///     format!("{invoice} paid under {}", ctx.key())
/// }
/// ```
#[derive(Clone)]
pub struct ToolContext {
    call: Arc<CallInfo>,
}

struct CallInfo {
    id: Arc<str>,
    key: String,
    cancelled: CancellationToken,
    deadline: OnceLock<Instant>,
    parent: OnceLock<ParentCall>,
}

impl ToolContext {
    pub(crate) fn new(id: Arc<str>, key: String, cancelled: CancellationToken) -> Self {
        let (deadline, parent) = (OnceLock::new(), OnceLock::new());
        Self { call: Arc::new(CallInfo { id, key, cancelled, deadline, parent }) }
    }

    /// A context for calling a tool's function by hand, in a test for instance.
    #[must_use]
    pub fn detached() -> Self {
        Self::new("detached".into(), "detached".to_owned(), CancellationToken::new())
    }

    /// The id that the model's response gave the call.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.call.id
    }

    /// A key for idempotent requests: the same for every attempt within this call's body, and never
    /// the same for two calls, in whatever process.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.call.key
    }

    /// When the call will be stopped, if it has a timeout; known as soon as it runs.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.call.deadline.get().copied()
    }

    /// Whether the call was stopped or timed out, so that nobody waits for it much longer.
    ///
    /// An async tool that timed out is dropped at once, and one whose run is cancelled after
    /// [some time](crate::Limits::grace) in which it can come to an end; a blocking one has to look by
    /// itself.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.call.cancelled.is_cancelled()
    }

    /// Ends when the call is stopped or times out; never, if it returns. Cancel-safe, and independent
    /// of `self`.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + use<> {
        self.call.cancelled.clone().cancelled_owned()
    }

    /// Reports to the consumer of the run's events how far this call is: see
    /// [`EventKind::CallProgress`](crate::EventKind::CallProgress).
    ///
    /// It never waits. A slow consumer gets the latest text alone, of which at most 4 KiB are kept; nothing
    /// is kept where no consumer reads events.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{ToolContext, tool};
    ///
    /// /// Count the lines of some files.
    /// #[tool(read)]
    /// async fn count(call: ToolContext, paths: Vec<String>) -> std::io::Result<usize> {
    ///     let mut lines = 0;
    ///     for (done, path) in paths.iter().enumerate() {
    ///         call.progress(format!("{done} of {} files", paths.len()));
    ///         lines += std::fs::read_to_string(path)?.lines().count();
    ///     }
    ///     Ok(lines)
    /// }
    /// ```
    pub fn progress(&self, text: impl Into<String>) {
        const MOST: usize = 4 << 10;
        let Some(parent) = self.call.parent.get() else { return };
        let mut text = text.into();
        if text.len() > MOST {
            let end = (0..=MOST).rev().find(|end| text.is_char_boundary(*end));
            text.truncate(end.unwrap_or_default());
            text.shrink_to_fit();
        }
        parent.progress(text);
    }

    /// Makes a task of yours a part of this call: a run that it starts is known to run within the call.
    ///
    /// The futures that a body awaits itself belong to its call anyway. The returned future is independent of
    /// `self`, and cancel-safe if the given one is.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Agent, ToolContext, RunError, State, tool};
    ///
    /// #[derive(State)]
    /// struct Team {
    ///     researcher: Agent,
    /// }
    ///
    /// /// Look something up.
    /// #[tool(read)]
    /// async fn research(researcher: &Agent, call: ToolContext, question: String) -> Result<String, String> {
    ///     let agent = researcher.clone();
    ///     let run = async move { agent.run(question).await.map(|outcome| outcome.text()) };
    ///     let task = tokio::spawn(call.scope(run));
    ///     task.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    /// }
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        let mut scope = self.call.parent.get().cloned().map(Scope::Call);
        let mut future = Box::pin(future);
        std::future::poll_fn(move |cx| match scope {
            Some(_) => Scope::run(&mut scope, || future.as_mut().poll(cx)),
            None => future.as_mut().poll(cx),
        })
    }

    pub(crate) fn start(&self, deadline: Option<Instant>, parent: ParentCall) {
        self.call.parent.get_or_init(|| parent);
        if let Some(deadline) = deadline {
            self.call.deadline.get_or_init(|| deadline);
        }
    }
}

impl fmt::Debug for ToolContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolContext")
            .field("id", &self.call.id)
            .field("key", &self.call.key)
            .finish()
    }
}
