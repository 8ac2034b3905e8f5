use std::collections::HashMap;
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::job::{Info, Job};
use super::lease::start;
use super::outcome::{Ending, drop_quietly};
use super::prepare::prepare;
use super::slots::Slots;
use crate::access::{Access, Claim};
use crate::context::Ctx;
use crate::limits::{Limits, cut};
use crate::policy;
use crate::tool::Options;
use crate::toolset::{Blocker, CallRef, Parked, Toolset, Waiting};
use crate::transcript::{Status, ToolCall, ToolResult};

/// The calls of one response, and what they run under.
pub(crate) struct Batch<'a> {
    pub(crate) toolset: &'a Toolset,
    pub(crate) limits: &'a Limits,
    pub(crate) slots: Option<&'a Arc<Slots>>,
    /// Start a call when the one before it has ended.
    pub(crate) one_by_one: bool,
    pub(crate) run: u64,
    pub(crate) turn: u32,
}

/// When a call was queued, ran and ended, and for whom it waited last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallTimes {
    pub(crate) queued: Instant,
    pub(crate) started: Option<Instant>,
    pub(crate) ended: Instant,
    pub(crate) after: Option<Blocker>,
    /// What the tool declares; `None` if the call fits none.
    pub(crate) access: Option<Access>,
}

/// A fatal error of a tool, and the position of its call.
pub(crate) type Fatal = (usize, Arc<dyn Error + Send + Sync>);

/// Takes each result as it comes.
pub(crate) type Sink<'a> = dyn FnMut(usize, ToolResult, CallTimes) + Send + 'a;

/// How long a stopped call has to let go.
const GRACE: Duration = Duration::from_secs(1);

/// Arguments of this size are parsed with a pause for the runtime before the next call.
const LARGE: usize = 64 << 10;

impl Batch<'_> {
    /// Runs the calls, and hands each result to `sink` as it comes.
    ///
    /// Only a fatal error leaves calls without a result: those that had not started. Dropping the
    /// future stops what runs and withdraws what waits.
    pub(crate) async fn run(self, calls: &[&ToolCall], sink: &mut Sink<'_>) -> Option<Fatal> {
        let shared = &Arc::new(Shared::new(&self, calls.len()));
        let output = self.limits.output;
        let mut desk = Desk { calls, shared, output, open: 0, fatal: None, sink };
        let mut queued = Instant::now();
        for (index, call) in calls.iter().enumerate() {
            desk.open += 1;
            if let Err(ending) = self.accept(shared, (index, call), queued) {
                let access = self.toolset.access(call.name());
                desk.take(Ended::refused(index, access, ending));
            }
            if call.arguments().len() > LARGE {
                tokio::task::yield_now().await;
                queued = Instant::now();
            }
            if self.one_by_one {
                desk.collect().await;
                queued = Instant::now();
            }
            if desk.fatal.is_some() {
                break;
            }
        }
        desk.collect().await;
        desk.fatal.take()
    }

    /// Prepares a call and admits it to the ledger; from there it starts by itself.
    fn accept(
        &self,
        shared: &Arc<Shared>,
        (index, call): (usize, &ToolCall),
        queued: Instant,
    ) -> Result<(), Ending> {
        let refused = |why| Ending::refused(Status::NeverStarted, why);
        if index >= self.limits.calls {
            let most = self.limits.calls;
            return Err(refused(format!(
                "never started: limit of {most} calls in a response; call it again next turn"
            )));
        }
        let (length, most) = (call.arguments().len(), self.limits.arguments);
        if length > most {
            return Err(refused(format!(
                "never started: arguments of {length} bytes, at most {most} are taken"
            )));
        }
        let tool = policy::decide(self.toolset, call)
            .map_err(|why| Ending::refused(Status::Failed, why))?
            .tool();
        let context = tool.takes_call.then(|| Ctx::new(call.shared_id(), self.key(index)));
        let body = tool.call(call.shared_arguments(), context.clone());
        // A call that claims nothing parses its arguments where it runs.
        let body = if tool.claims.is_empty() { body } else { prepare(body)? };
        let Options { access, blocking, timeout } = tool.options;
        let timeout = timeout.unwrap_or(self.limits.call_timeout);
        let span = span(call, self.turn, index);
        let info = Info { index, queued, access, blocking, timeout, call: context, span };
        shared.admit(&tool.claims, Job::new(body, shared, info));
        Ok(())
    }

    fn key(&self, index: usize) -> String {
        format!("{:016x}-{}-{}", self.run, self.turn, index + 1)
    }
}

fn span(call: &ToolCall, turn: u32, index: usize) -> tracing::Span {
    tracing::info_span!(
        "execute_tool",
        otel.name = %format_args!("execute_tool {}", call.name()),
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = call.name(),
        gen_ai.tool.call.id = call.id(),
        turn,
        index = index + 1,
    )
}

/// The side of a batch that waits for its calls.
struct Desk<'a, 'b> {
    calls: &'a [&'a ToolCall],
    shared: &'a Arc<Shared>,
    output: usize,
    open: usize,
    fatal: Option<Fatal>,
    sink: &'a mut Sink<'b>,
}

impl Desk<'_, '_> {
    /// Waits for all open calls; after a fatal error only for those that run to let go.
    async fn collect(&mut self) {
        let mut ended = Vec::new();
        while self.open > 0 {
            std::mem::swap(&mut ended, &mut self.shared.lock().ended);
            if ended.is_empty() {
                self.shared.reported.notified().await;
            }
            for ended in ended.drain(..) {
                self.take(ended);
            }
            if self.fatal.is_some() {
                return self.stop().await;
            }
        }
    }

    /// Ends all calls, as `tokio::try_join!` would.
    async fn stop(&mut self) {
        let mut tasks = self.shared.close();
        let let_go = async {
            for (_, task) in &mut tasks {
                _ = task.await;
            }
        };
        _ = timeout(GRACE, let_go).await;
        self.give_up(&tasks);
    }

    /// Takes what has ended; calls that run on, whether they let go or not, are interrupted.
    fn give_up(&mut self, tasks: &[(usize, JoinHandle<()>)]) {
        let ended = std::mem::take(&mut self.shared.lock().ended);
        for ended in ended {
            self.take(ended);
        }
        for &(index, _) in tasks.iter().filter(|(_, task)| !task.is_finished()) {
            let Some(call) = self.calls.get(index) else { continue };
            let access = self.shared.toolset.access(call.name()).unwrap_or_default();
            self.take(Ended::refused(index, Some(access), Ending::interrupted(access)));
        }
        self.open = 0;
    }

    fn take(&mut self, ended: Ended) {
        self.open = self.open.saturating_sub(1);
        let Ended { index, ending, times } = ended;
        let (Some(call), Some(ending)) = (self.calls.get(index), ending) else {
            return;
        };
        if self.fatal.is_none() {
            self.fatal = ending.fatal().map(|error| (index, error));
        }
        let mut result = ending.into_result(call);
        cut(result.text_to_cut(), self.output);
        (self.sink)(index, result, times);
    }
}

/// What a batch shares with the tasks of its calls.
pub(super) struct Shared {
    pub(super) toolset: Toolset,
    pub(super) slots: Option<Arc<Slots>>,
    pub(super) runtime: Handle,
    run: u64,
    turn: u32,
    state: Mutex<State>,
    reported: Notify,
    /// Changed under the lock of `state` only.
    over: AtomicBool,
}

#[derive(Default)]
struct State {
    /// Calls that wait in the ledger.
    parked: HashMap<usize, Box<Job>>,
    /// With the positions of their calls.
    tasks: Vec<(usize, JoinHandle<()>)>,
    ended: Vec<Ended>,
}

/// The end of a call; without an ending it never started.
pub(super) struct Ended {
    pub(super) index: usize,
    pub(super) ending: Option<Ending>,
    pub(super) times: CallTimes,
}

impl Ended {
    fn refused(index: usize, access: Option<Access>, ending: Ending) -> Self {
        let now = Instant::now();
        let times = CallTimes { queued: now, started: None, ended: now, after: None, access };
        Self { index, ending: Some(ending), times }
    }
}

impl Shared {
    fn new(batch: &Batch<'_>, calls: usize) -> Self {
        let state = State {
            tasks: Vec::with_capacity(calls),
            ended: Vec::with_capacity(calls),
            ..State::default()
        };
        Self {
            toolset: batch.toolset.clone(),
            slots: batch.slots.cloned(),
            runtime: Handle::current(),
            run: batch.run,
            turn: batch.turn,
            state: Mutex::new(state),
            reported: Notify::new(),
            over: AtomicBool::new(false),
        }
    }

    pub(super) fn call_ref(&self, index: usize) -> CallRef {
        CallRef { run: self.run, turn: self.turn, index }
    }

    /// Enters a call in the ledger, and starts it if nothing is in its way.
    fn admit(self: &Arc<Self>, claims: &Arc<[Claim]>, mut job: Box<Job>) {
        if claims.is_empty() {
            return start(self, job);
        }
        let index = job.index();
        let mut ledger = self.toolset.ledger();
        let park = || Parked { batch: self.clone(), index };
        let (ticket, free) = ledger.admit(claims, self.run, park);
        job.hold(ticket);
        if !free {
            // Under the ledger's lock, so that nobody releases it before it is here.
            self.lock().parked.insert(index, job);
            return;
        }
        drop(ledger);
        start(self, job);
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Keeps the handle of a call's task, or stops it if the batch is over by now.
    pub(super) fn keep(&self, index: usize, task: JoinHandle<()>) {
        let mut state = self.lock();
        if self.is_over() {
            task.abort();
        } else {
            state.tasks.push((index, task));
        }
    }

    pub(super) fn report(&self, ended: Ended) {
        let mut state = self.lock();
        state.ended.push(ended);
        let first = state.ended.len() == 1;
        drop(state);
        // Whoever waits takes all that has ended, so the first wakes it for those after it too.
        if first {
            self.reported.notify_one();
        }
    }

    /// Starts nothing more, stops what runs, and withdraws what waits.
    fn close(self: &Arc<Self>) -> Vec<(usize, JoinHandle<()>)> {
        let (tasks, parked) = {
            let mut state = self.lock();
            self.over.store(true, Ordering::Release);
            (std::mem::take(&mut state.tasks), std::mem::take(&mut state.parked))
        };
        let running = tasks.iter().filter(|(_, task)| !task.is_finished());
        running.for_each(|(_, task)| task.abort());
        // Dropped outside of all locks: a body is the user's code, and its lease starts others.
        parked.into_values().for_each(drop_quietly);
        if let Some(slots) = &self.slots {
            slots
                .withdraw(|job| Arc::ptr_eq(job.shared(), self))
                .into_iter()
                .for_each(drop_quietly);
        }
        tasks
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No user code runs under the lock, so a poisoned one is still in order.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting for Shared {
    fn release(self: Arc<Self>, index: usize, after: CallRef) {
        let job = self.lock().parked.remove(&index);
        if let Some(mut job) = job {
            job.waited_for(Blocker::Call(after));
            start(&self, job);
        }
    }
}

/// Stops the calls of a batch that is dropped, and hands over the results it has by then.
impl Drop for Desk<'_, '_> {
    fn drop(&mut self) {
        let tasks = self.shared.close();
        if self.open > 0 {
            self.give_up(&tasks);
        }
    }
}
