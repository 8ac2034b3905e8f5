//! A call as its tool sees it, and the point at which a prepared call waits for its turn.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{self, Poll};
use tokio_util::sync::CancellationToken;

use crate::access::{Claim, Claims};
use crate::key::Key;
use crate::state::{Lend, LendMut};
use crate::sync::{self, Instant};
use crate::transcript::SharedText;

/// The call that a tool is answering: take it as a parameter to know it.
///
/// # Examples
///
/// ```
/// use agent_core::{Ctx, tool};
///
/// /// Pay an invoice.
/// #[tool(write)]
/// async fn pay(ctx: Ctx, invoice: String) -> String {
///     // The service takes a request that is sent again under this key for the same one.
///     format!("{invoice} paid under {}", ctx.key())
/// }
/// ```
#[derive(Clone)]
pub struct Ctx {
    call: Arc<Call>,
}

struct Call {
    id: Arc<str>,
    key: String,
    cancelled: CancellationToken,
    deadline: OnceLock<Instant>,
    around: OnceLock<Around>,
}

impl Ctx {
    pub(crate) fn new(id: Arc<str>, key: String, cancelled: CancellationToken) -> Self {
        let (deadline, around) = (OnceLock::new(), OnceLock::new());
        Self { call: Arc::new(Call { id, key, cancelled, deadline, around }) }
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

    /// Whether the call was stopped or timed out, so that nobody waits for it any more.
    ///
    /// An async tool is dropped then; a blocking one has to look by itself.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.call.cancelled.is_cancelled()
    }

    /// Ends when the call is stopped or times out; never, if it returns. Cancel-safe, and independent
    /// of `self`.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + use<> {
        self.call.cancelled.clone().cancelled_owned()
    }

    /// Tells whoever watches the run how far this call is: see
    /// [`Event::CallProgress`](crate::Event::CallProgress).
    ///
    /// It never waits. A watcher that is slow gets the latest word alone; at most 4 KiB of it are kept,
    /// and nothing where nobody watches.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Ctx, tool};
    ///
    /// /// Count the lines of some files.
    /// #[tool(read)]
    /// async fn count(call: Ctx, paths: Vec<String>) -> std::io::Result<usize> {
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
        let Some(around) = self.call.around.get() else { return };
        let mut text = text.into();
        if text.len() > MOST {
            let end = (0..=MOST).rev().find(|end| text.is_char_boundary(*end));
            text.truncate(end.unwrap_or_default());
            text.shrink_to_fit();
        }
        around.batch.progress(around.index, text);
    }

    /// Lets a task of your own belong to this call: a run that it starts is known to run within it.
    ///
    /// What a body awaits itself belongs to its call anyway. The returned future is independent of
    /// `self`, and cancel-safe if the given one is.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Agent, Ctx, RunError, State, tool};
    ///
    /// #[derive(State)]
    /// struct Team {
    ///     researcher: Agent,
    /// }
    ///
    /// /// Look something up.
    /// #[tool(read)]
    /// async fn research(researcher: &Agent, call: Ctx, question: String) -> Result<String, String> {
    ///     let agent = researcher.clone();
    ///     let run = async move { agent.run(question).await.map(|outcome| outcome.text()) };
    ///     let task = tokio::spawn(call.scope(run));
    ///     task.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    /// }
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        let around = self.call.around.get().cloned();
        let mut future = Box::pin(future);
        std::future::poll_fn(move |cx| match &around {
            Some(around) => around.scope(|| future.as_mut().poll(cx)),
            None => future.as_mut().poll(cx),
        })
    }

    pub(crate) fn start(&self, deadline: Option<Instant>, around: Around) {
        self.call.around.get_or_init(|| around);
        if let Some(deadline) = deadline {
            self.call.deadline.get_or_init(|| deadline);
        }
    }

    pub(crate) fn cancel(&self) {
        self.call.cancelled.cancel();
    }
}

impl fmt::Debug for Ctx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ctx").field("id", &self.call.id).field("key", &self.call.key).finish()
    }
}

/// Whoever runs calls, as they see it.
pub(crate) trait Batch: Any + Send + Sync {
    /// Cancelled when its calls are stopped, as are runs within them.
    fn stopped(&self) -> CancellationToken;

    /// A call says how far it is.
    fn progress(&self, index: usize, text: String);
}

/// A call that runs, for what runs within it.
#[derive(Clone)]
pub(crate) struct Around {
    pub(crate) batch: Arc<dyn Batch>,
    pub(crate) index: usize,
}

sync::thread_local! {
    static CURRENT: Cell<Option<Around>> = const { Cell::new(None) };
}

impl Around {
    /// The call that this thread runs.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.with(|around| {
            let current = around.take();
            around.set(current.clone());
            current
        })
    }

    /// Runs a piece of this call.
    pub(crate) fn scope<T>(&self, piece: impl FnOnce() -> T) -> T {
        struct Restore(Option<Around>);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.with(|around| around.set(self.0.take()));
            }
        }
        let restore = Restore(CURRENT.with(|around| around.replace(Some(self.clone()))));
        let result = piece();
        drop(restore);
        result
    }
}

/// What generated code runs a call with: the bound state, the arguments' text, the call itself.
pub struct Cx<S> {
    /// There where the tool borrows from it: a handle less to count for those that do not.
    pub(crate) state: Option<Arc<S>>,
    pub(crate) text: SharedText,
    pub(crate) call: Option<Ctx>,
}

impl<S> Cx<S> {
    /// Declares that the call reads the part of a resource that this key names.
    pub fn reads<K: Key + ?Sized>(&self, resource: &str, key: &K) {
        claim(resource, false, key);
    }

    /// Declares that the call writes the part of a resource that this key names.
    pub fn writes<K: Key + ?Sized>(&self, resource: &str, key: &K) {
        claim(resource, true, key);
    }

    /// The claim point: ends when the ledger has admitted the call.
    #[must_use]
    pub fn admitted(&self) -> Admitted {
        Admitted { handed_in: false }
    }

    /// Borrows a `T` from the state, when the ledger has admitted the call.
    #[expect(clippy::manual_async_fn, reason = "`Send` stands here, to be proved once")]
    pub fn lend<T: ?Sized>(&self) -> impl Future<Output = S::Ref<'_>> + Send
    where
        S: Lend<T>,
    {
        async {
            self.admitted().await;
            Lend::<T>::lend(self.state()).await
        }
    }

    /// Borrows a `T` from the state for this call alone, when the ledger has admitted it.
    #[expect(clippy::manual_async_fn, reason = "`Send` stands here, to be proved once")]
    pub fn lend_mut<T: ?Sized>(&self) -> impl Future<Output = S::Mut<'_>> + Send
    where
        S: LendMut<T>,
    {
        async {
            self.admitted().await;
            LendMut::<T>::lend_mut(self.state()).await
        }
    }

    #[expect(clippy::expect_used, reason = "whoever lends is in `Tool::LENT`")]
    fn state(&self) -> &S {
        self.state.as_deref().expect("a tool that borrows gets the state")
    }
}

thread_local! {
    static POINT: Cell<Point> = const { Cell::new(Point::Elsewhere) };
    /// What the call claims that this thread is preparing, besides the claims of its tool.
    static CLAIMS: Cell<Vec<Claim>> = const { Cell::new(Vec::new()) };
}

fn claim<K: Key + ?Sized>(resource: &str, writes: bool, key: &K) {
    add_claims(|claims| claims.key(resource, writes, key));
}

/// Adds to the claims of the call that this thread is preparing.
pub(crate) fn add_claims<T>(add: impl FnOnce(&mut Claims) -> T) -> T {
    let mut claims = Claims::from(CLAIMS.take());
    let result = add(&mut claims);
    if matches!(POINT.get(), Point::Before { .. }) {
        POINT.set(Point::Before { claims: true });
        CLAIMS.set(claims.into());
    }
    result
}

/// How far the call has come that this thread is preparing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Point {
    Elsewhere,
    /// On the way there; whether it has claims of its own by now. Most calls have none, and pay nothing
    /// for asking.
    Before {
        claims: bool,
    },
    Reached {
        claims: bool,
    },
}

/// Polls `call` up to its claim point. If it waits there: what it claims besides the claims of its tool.
///
/// The future that is polled here once is spawned later, when the ledger has admitted it. So the
/// arguments are parsed in model order, and nothing of the user's body runs before its turn.
pub(crate) fn poll_to_claim_point<T>(call: impl FnOnce() -> T) -> (T, Option<Vec<Claim>>) {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            if let Point::Before { claims: true } = POINT.replace(Point::Elsewhere) {
                CLAIMS.take();
            }
        }
    }
    POINT.set(Point::Before { claims: false });
    let leave = Leave;
    let result = call();
    let claims = match POINT.get() {
        Point::Reached { claims: true } => Some(CLAIMS.take()),
        Point::Reached { claims: false } => Some(Vec::new()),
        Point::Before { .. } | Point::Elsewhere => None,
    };
    drop(leave);
    (result, claims)
}

/// The claim point of a call.
///
/// Its first poll hands the call over to whoever prepares it, and keeps no waker: the next poll is
/// the start. Where nobody prepares, it ends at once.
pub struct Admitted {
    handed_in: bool,
}

impl Future for Admitted {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<()> {
        match POINT.get() {
            Point::Before { claims } if !self.handed_in => {
                self.handed_in = true;
                POINT.set(Point::Reached { claims });
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}
