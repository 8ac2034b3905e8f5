//! One call by the one door, outside of a run: for servers, workers, command lines and tests.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};

use crate::dispatch::batch::Batch;
use crate::dispatch::ending::{Ending, drop_quietly};
use crate::dispatch::prepare::{CallMeta, Prepared, to_claim_point};
use crate::dispatch::rules::Rules;
use crate::dispatch::table::CallTable;
use crate::dispatch::task::{BLOCKS, poll_body};
use crate::log::run_id::RunId;
use crate::log::step::Step;
use crate::model::BoxFuture;
use crate::rules::approval::{Approval, Decision, PendingCall};
use crate::rules::limits::{Limits, cut_result};
use crate::rules::stop::StopSignal;
use crate::schedule::queue::{CallRef, CallSlots, Permits};
use crate::schedule::slots::Slots;
use crate::sync::{Handle, Instant};
use crate::tool::context::parent::{Opens, ParentCall, Scope, Single};
use crate::toolset::{Bound, Toolset};
use crate::transcript::{CallStatus, ToolCall, ToolResult};

/// Runs single calls of a toolset, outside of a run of an agent.
///
/// Its calls are those of one run: they are ordered with each other and with the calls of all runs on the
/// toolset. An unnamed read therefore waits for the writes of its caller. Each call has its result, as in a
/// run: an unknown tool, faulty arguments, an error, a panic, a timeout, a cancel and a denial are results.
///
/// Nothing is decided over the calls unless a [policy](Self::policy) or an [approver](Self::approve) is set:
/// the program itself makes them. Cloning shares everything.
///
/// # Examples
///
/// ```
/// use agent_core::{ToolCall, Toolset, tool, tools};
///
/// /// Add two numbers.
/// #[tool(pure)]
/// async fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let caller = Toolset::from(tools![add]).caller();
/// let call = ToolCall::new("call_1", "add", r#"{"a":1,"b":2}"#);
/// assert_eq!(caller.call(&call).await.text(), "3");
/// # }
/// ```
#[derive(Clone)]
pub struct Caller {
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Shared {
    toolset: Toolset,
    limits: Limits,
    slots: Option<Arc<CallSlots>>,
    approval: Approval,
    run: RunId,
    calls: Arc<AtomicU32>,
}

impl Toolset {
    /// Makes a caller of these tools, with the default [`Limits`].
    #[must_use]
    pub fn caller(&self) -> Caller {
        let (toolset, limits, approval) = (self.clone(), Limits::default(), Approval::granted());
        let (run, calls) = (RunId::new(), Arc::default());
        Caller { shared: Arc::new(Shared { toolset, limits, slots: None, approval, run, calls }) }
    }

    /// Runs one call, as a run would: in a test, or from a command line. See [`Caller`].
    ///
    /// Dropping the future stops the call.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, if the call has to wait or runs on a thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Toolset, tool, tools};
    ///
    /// /// Add two numbers.
    /// #[tool(pure)]
    /// async fn add(a: i64, b: i64) -> i64 {
    ///     a + b
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let tools = Toolset::from(tools![add]);
    /// assert_eq!(tools.call("add", r#"{"a":1,"b":2}"#).await.text(), "3");
    ///
    /// let fault = tools.call("add", r#"{"a":1,"c":2}"#).await;
    /// assert_eq!(
    ///     fault.text(),
    ///     "invalid arguments: `c`: unknown argument; `b`: missing. Arguments: `a`, `b`"
    /// );
    /// # }
    /// ```
    pub async fn call(&self, name: &str, arguments: impl Into<Arc<str>>) -> ToolResult {
        let call = ToolCall::new("call_1", name, arguments);
        self.caller().call(&call).await
    }
}

impl Caller {
    /// What its calls run under.
    pub(super) fn rules(&self) -> Rules {
        self.shared.rules(None, false)
    }

    fn shared_mut(&mut self) -> &mut Shared {
        Arc::make_mut(&mut self.shared)
    }

    /// Sets the limits of the calls: on their arguments, outputs and time.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.shared_mut().limits = limits;
        self
    }

    /// Sets how many calls run at the same time; no limit by default.
    #[must_use]
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.shared_mut().slots = Some(Slots::new(calls));
        self
    }

    /// Sets the approver, which is asked about each call of a `destructive` tool; as
    /// [`Agent::approve`](crate::Agent::approve).
    #[must_use]
    pub fn approve<F, T>(mut self, approver: F) -> Self
    where
        F: Fn(PendingCall) -> T + Send + Sync + 'static,
        T: Future<Output = Decision> + Send + 'static,
    {
        self.shared_mut().approval.set_approver(approver);
        self
    }

    /// Sets the policy, which decides over each call; as [`Agent::policy`](crate::Agent::policy).
    #[must_use]
    pub fn policy(
        mut self,
        policy: impl Fn(&PendingCall) -> Decision + Send + Sync + 'static,
    ) -> Self {
        self.shared_mut().approval.set_policy(policy);
        self
    }

    /// Runs a call: await what is returned. It begins with the first poll.
    ///
    /// A call whose body does not wait is run in place, without a task.
    ///
    /// # Panics
    ///
    /// When it is awaited outside of a tokio runtime, if the call has to wait or runs on a thread.
    pub fn call<'a>(&self, call: &'a ToolCall) -> Calling<'a> {
        let (cancelled, progress, key) = (None, None, None);
        let start = CallStart { caller: self.clone(), call, cancelled, progress, key };
        Calling { stage: Stage::Start(start) }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("toolset", &self.shared.toolset).finish_non_exhaustive()
    }
}

/// A call that was asked for with [`Caller::call`]: await it for its [`ToolResult`].
///
/// Dropping it stops the call.
#[must_use = "a call begins when it is awaited"]
pub struct Calling<'a> {
    stage: Stage<'a>,
}

enum Stage<'a> {
    Start(CallStart<'a>),
    Batch(BoxFuture<'a, ToolResult>),
    Over,
}

/// Takes what a tool reports.
type Report<'a> = dyn FnMut(&str) + Send + 'a;

struct CallStart<'a> {
    caller: Caller,
    call: &'a ToolCall,
    cancelled: Option<BoxFuture<'a, ()>>,
    progress: Option<Box<Report<'a>>>,
    key: Option<Arc<str>>,
}

impl<'a> Calling<'a> {
    /// Cancels the call when this future ends: it gets [some time](Limits::grace) to end.
    ///
    /// # Panics
    ///
    /// When the call has begun, as for [`progress`](Self::progress) and [`key`](Self::key).
    pub fn cancel_on(mut self, cancelled: impl Future + Send + 'a) -> Self {
        self.start().cancelled = Some(Box::pin(async move { _ = cancelled.await }));
        self
    }

    /// Passes on what the tool reports with [`ToolContext::progress`](crate::ToolContext::progress). Of a
    /// slow receiver's texts the latest one is kept.
    pub fn progress(mut self, report: impl FnMut(&str) + Send + 'a) -> Self {
        self.start().progress = Some(Box::new(report));
        self
    }

    /// Sets the key of the call, [`ToolContext::key`](crate::ToolContext::key): the same for each attempt
    /// at it, in whatever process.
    pub fn key(mut self, key: impl Into<Arc<str>>) -> Self {
        self.start().key = Some(key.into());
        self
    }

    fn start(&mut self) -> &mut CallStart<'a> {
        match &mut self.stage {
            Stage::Start(start) => start,
            _ => panic!("a call that has begun cannot be changed"),
        }
    }
}

impl Future for Calling<'_> {
    type Output = ToolResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ToolResult> {
        let mut batch = match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Start(start) => match start.begin(cx) {
                Begun::Over(result) => return Poll::Ready(result),
                Begun::Goes(batch) => batch,
            },
            Stage::Batch(batch) => batch,
            Stage::Over => panic!("a call was polled after its end: it gives its result once"),
        };
        let polled = batch.as_mut().poll(cx);
        if polled.is_pending() {
            self.stage = Stage::Batch(batch);
        }
        polled
    }
}

enum Begun<'a> {
    Over(ToolResult),
    Goes(BoxFuture<'a, ToolResult>),
}

impl<'a> CallStart<'a> {
    fn begin(self, cx: &mut Context<'_>) -> Begun<'a> {
        let toolset = &self.caller.shared.toolset;
        let tool = toolset.position(self.call.name());
        let alone = tool.filter(|&tool| self.runs_alone(toolset.tool(tool)));
        match alone {
            Some(tool) => self.poll_alone(tool, cx),
            None => Begun::Goes(self.in_a_batch()),
        }
    }

    /// Whether the call can be polled without a batch: nothing about it can be asked, counted, cancelled or
    /// reported before it waits.
    fn runs_alone(&self, tool: &Bound) -> bool {
        let Shared { slots, approval, limits, .. } = &*self.caller.shared;
        let plain = !tool.options.blocking && !tool.takes_call && tool.slots.is_none();
        let free = slots.is_none() && !approval.concerns(tool.options.destructive);
        let fits = limits.calls > 0 && self.call.arguments().len() <= limits.argument_bytes;
        plain && free && fits && self.cancelled.is_none() && !Scope::is_inside()
    }

    /// Polls the call in place. It gets a batch when it waits, or when something runs within it.
    fn poll_alone(self, at: usize, cx: &mut Context<'_>) -> Begun<'a> {
        let shared = &self.caller.shared;
        let tool = shared.toolset.tool(at);
        let mut body = tool.call(self.call.shared_arguments(), None);
        let mut permits = None;
        if shared.toolset.orders(tool) {
            let keys;
            (body, keys) = match to_claim_point(body) {
                Ok(prepared) => prepared,
                Err(ending) => return Begun::Over(self.result(ending)),
            };
            let claims = tool.claims.iter().chain(&keys).copied();
            let ledger = shared.toolset.shared_ledger();
            let ticket = ledger.lock().unwrap_or_else(PoisonError::into_inner);
            let ticket = { ticket }.try_admit(claims, shared.run.number());
            let Some(ticket) = ticket else {
                // It has to wait for its turn. What was read of it is read again there.
                drop_quietly(body);
                return Begun::Goes(self.in_a_batch());
            };
            let mut held = Permits::new(shared.call_ref(), None);
            held.add_ticket(ledger, ticket);
            permits = Some(held);
        }
        let single = Single { opens: shared.clone(), tool: at, permits };
        let mut scope = Some(Scope::Single(single));
        OPENED.take();
        let span = tracing::Span::none();
        let since = Instant::now();
        let polled = poll_body(&mut body, &mut scope, &span, cx);
        let opened = OPENED.take();
        let ending = match polled {
            Poll::Ready(ending) => ending,
            Poll::Pending => {
                let table = opened.or_else(|| match scope.take() {
                    Some(Scope::Single(single)) => Some(shared.open_table(at, single.permits)),
                    _ => None,
                });
                let Some(table) = table else {
                    return Begun::Over(self.result(Ending::not_run("the call lost its batch")));
                };
                let meta = shared.meta(at, since);
                let call = Prepared::running(meta, body, span);
                table.detach(0, call, since);
                return Begun::Goes(self.run(Box::new(Batch::of(table))));
            }
        };
        drop_quietly(body);
        let polled_for = since.elapsed();
        if polled_for > BLOCKS {
            tool.report_blocking(polled_for);
        }
        if let Some(table) = opened {
            // What runs within it, in tasks of the body, keeps its claims.
            if let Some(holding) = table.end_here(0, false).holding {
                holding.release();
            }
            table.close();
        }
        // Gives back the claims.
        drop(scope);
        Begun::Over(self.result(ending))
    }

    fn result(&self, ending: Ending) -> ToolResult {
        let mut result = ending.into_result(self.call);
        cut_result(&mut result, self.caller.shared.limits.output_bytes);
        result
    }

    fn in_a_batch(mut self) -> BoxFuture<'a, ToolResult> {
        let rules = self.caller.shared.rules(self.key.take(), self.progress.is_some());
        self.run(Box::new(Batch::new(rules, 1)))
    }

    fn run(self, batch: Box<Batch>) -> BoxFuture<'a, ToolResult> {
        let Self { call, cancelled, mut progress, .. } = self;
        Box::pin(async move {
            let mut result = None;
            let mut stop = StopSignal::for_one_call(cancelled);
            let mut log = |step: &Step<'_>| {
                if let (Step::CallProgress { text, .. }, Some(progress)) = (step, &mut progress) {
                    // A panic of the receiver would leave the call without a result.
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| progress(text))) {
                        drop_quietly(panic);
                    }
                }
            };
            let mut results = |_, ended| result = Some(ended);
            batch.seal(&[call], &mut stop, &mut log, &mut results).await;
            result.unwrap_or_else(|| ToolResult::new(call, CallStatus::NotRun, "not run"))
        })
    }
}

impl Shared {
    fn rules(&self, key: Option<Arc<str>>, watched: bool) -> Rules {
        Rules {
            toolset: self.toolset.clone(),
            limits: self.limits.clone(),
            slots: self.slots.clone(),
            approval: self.approval.clone(),
            one_by_one: false,
            watched,
            run: self.run,
            turn: self.calls.fetch_add(1, Ordering::Relaxed),
            attempt: 1,
            parent: ParentCall::current(),
            began: Instant::now(),
            runtime: Handle::current(),
            key,
        }
    }

    fn call_ref(&self) -> CallRef {
        let turn = self.calls.fetch_add(1, Ordering::Relaxed);
        CallRef { run: self.run.number(), turn, attempt: 1, index: 0 }
    }

    fn meta(&self, tool: usize, queued: Instant) -> CallMeta {
        let bound = self.toolset.tool(tool);
        let timeout = bound.options.timeout.unwrap_or(self.limits.call_timeout);
        CallMeta { tool, access: bound.access(), on_thread: false, timeout, queued }
    }

    /// A table in which the call runs already.
    fn open_table(&self, tool: usize, permits: Option<Permits>) -> Arc<CallTable> {
        let table = CallTable::new(Rules { parent: None, ..self.rules(None, false) }, 1);
        let permits = permits.unwrap_or_else(|| Permits::new(self.call_ref(), None));
        table.open_running(self.meta(tool, Instant::now()), permits);
        table
    }
}

thread_local! {
    /// The table that was made for the call which this thread polls.
    static OPENED: Cell<Option<Arc<CallTable>>> = const { Cell::new(None) };
}

impl Opens for Shared {
    fn open(self: Arc<Self>, tool: usize, permits: Option<Permits>) -> ParentCall {
        let table = self.open_table(tool, permits);
        OPENED.set(Some(table.clone()));
        ParentCall::new(table, 0)
    }
}
