use std::sync::Arc;

use super::desk::{Broken, Desk, Sink};
use super::early::{Begun, Early};
use super::held::{Held, Verdict, judge};
use super::job::{Info, Job};
use super::lookup;
use super::nested::Enclosing;
use super::outcome::{Ending, drop_quietly};
use super::prepare::prepare;
use super::shared::{CallTimes, Shared};
use crate::error::ToolError;
use crate::log::run_id::RunId;
use crate::model::BoxFuture;
use crate::rules::approval::{Approval, CallPosition, Decision, PendingCall};
use crate::rules::limits::Limits;
use crate::rules::stop::StopSignal;
use crate::schedule::claim::Claim;
use crate::schedule::queue::CallSlots;
use crate::sync::{Instant, yield_now};
use crate::tool::arguments::read_once;
use crate::tool::context::{ParentCall, ToolContext};
use crate::tool::meta::Options;
use crate::toolset::{Bound, Toolset};
use crate::transcript::{CallStatus, ToolCall};

/// What the calls of one response run under.
#[derive(Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub(crate) toolset: &'a Toolset,
    pub(crate) limits: &'a Limits,
    pub(crate) slots: Option<&'a Arc<CallSlots>>,
    pub(crate) approval: &'a Approval,
    /// Start a call when the one before it has ended.
    pub(crate) one_by_one: bool,
    /// Somebody wants to know when calls start, and how far they are.
    pub(crate) watched: bool,
    pub(crate) run: RunId,
    pub(crate) turn: u32,
    /// How often the model has been asked for the response: calls of answers that failed are others.
    pub(crate) attempt: u32,
    /// The call within which these run, if there is one.
    pub(crate) around: Option<&'a ParentCall>,
}

/// A call that is ready to be admitted.
pub(super) struct Ready<'a> {
    pub(super) tool: &'a Bound,
    /// What it claims besides the claims of its tool.
    pub(super) keys: Vec<Claim>,
    /// The decision that it waits for, if it needs one.
    pub(super) question: Option<BoxFuture<'static, Decision>>,
    pub(super) job: Box<Job>,
}

impl Ready<'_> {
    pub(super) fn claims(&self) -> impl Iterator<Item = &Claim> + Clone {
        self.tool.claims.iter().chain(&self.keys)
    }

    /// Whether one has to wait for the other; both are of one run.
    pub(super) fn conflicts_with(&self, other: &Ready<'_>) -> bool {
        let meet = |a: &Claim, b: &Claim| a.place == b.place && a.mode.conflicts_with(b.mode);
        self.claims().any(|a| other.claims().any(|b| meet(a, b)))
    }
}

/// A model that calls an agent that calls itself has to end somewhere.
const DEEPEST: usize = 16;

/// The answer to a call that would wait for the call around it, or change things behind its back.
const NOT_COVERED: &str = "this call runs within another one of the same tools, and touches what that one does not declare: the tool around it has to declare it, and can lend no state of its own";

/// So many calls are prepared before they are admitted together: tasks that are spawned while others
/// are still prepared wake threads for little work.
pub(super) const TOGETHER: usize = 1024;

/// So many bytes of arguments are parsed before the runtime gets a pause.
const LARGE: usize = 64 << 10;

impl<'a> Batch<'a> {
    /// Runs the calls, and tells `sink` what happens as it comes; some may have begun early.
    ///
    /// Each call gets one result, also when a fatal error, a halt or the drop of this future stops what
    /// runs and withdraws what waits.
    pub(crate) async fn run(
        self,
        calls: &[&ToolCall],
        early: Option<Box<Early<'a>>>,
        halting: &mut StopSignal<'_>,
        sink: &mut Sink<'_>,
    ) -> Option<Broken> {
        let (had_early, begun) = (early.is_some(), early.and_then(|early| early.into_begun(calls)));
        // What had begun of others has used the keys of these.
        let attempt = self.attempt + u32::from(had_early && begun.is_none());
        let this = Self { attempt, ..self };
        let (shared, mut begun) =
            begun.unwrap_or_else(|| (Shared::new(&this, calls.len()), Vec::new()));
        let mut desk = Desk::new(calls, &shared, self.limits, sink);
        desk.hand_over(&mut begun);
        let mut begun = begun.into_iter();
        let mut jobs = Vec::with_capacity(calls.len().min(TOGETHER));
        let mut held = Held::default();
        let (mut parsed, mut queued) = (0, Instant::now());
        for (index, call) in calls.iter().enumerate() {
            if desk.broken.is_some() {
                break;
            }
            let ready = match begun.next() {
                Some(Begun::Started | Begun::Over(_)) => continue,
                Some(Begun::Held(ready)) => Ok(ready),
                Some(Begun::Later) | None => this.prepare(&shared, (index, call), queued),
            };
            desk.expect();
            match ready.and_then(|ready| this.decide(ready, (index, call), calls.len())) {
                Ok(ready) if ready.question.is_some() => {
                    desk.asks(index);
                    held.push(ready);
                }
                Ok(ready) if held.holds_back(&ready) => held.push(ready),
                Ok(ready) => jobs.push(ready),
                Err(ending) => desk.answer(index, ending, this.refused(call)),
            }
            parsed += call.arguments().len();
            if jobs.len() < TOGETHER && parsed < LARGE && !self.one_by_one {
                continue;
            }
            shared.admit(&mut jobs);
            if self.one_by_one {
                desk.collect(&mut held, halting).await;
            } else {
                // A watcher that stops to look would keep the others from starting.
                if !self.watched {
                    yield_now().await;
                }
                desk.take_news();
                desk.look_out(halting).await;
            }
            (parsed, queued) = (0, Instant::now());
        }
        match desk.broken {
            None => shared.admit(&mut jobs),
            Some(_) => drop_quietly(jobs),
        }
        desk.collect(&mut held, halting).await;
        desk.broken.take()
    }

    /// The times of a call that is over before it is queued.
    fn refused(&self, call: &ToolCall) -> CallTimes {
        let (now, tool) = (Instant::now(), self.toolset.find(call.name()));
        let access = tool.map(|tool| tool.options.access);
        CallTimes { queued: now, started: None, ended: now, waited_for: None, access }
    }

    /// Reads the arguments of a call, and finds what it claims; or it is over here.
    pub(super) fn prepare(
        &self,
        shared: &Arc<Shared>,
        (index, call): (usize, &ToolCall),
        queued: Instant,
    ) -> Result<Ready<'a>, Ending> {
        self.check_limits(index, call)?;
        if shared.depth >= DEEPEST {
            return Err(Ending::not_run("too many runs stand within each other"));
        }
        let permit = lookup::decide(self.toolset, call.name());
        let permit = permit.map_err(|why| Ending::refused(CallStatus::Failed, why))?;
        let tool = permit.tool();
        let context = tool
            .takes_call
            .then(|| ToolContext::new(call.shared_id(), self.key(index), shared.token_of(index)));
        let body = permit.call(call.shared_arguments(), context.clone());
        // A call that claims nothing parses its arguments where it runs.
        let (body, keys) =
            if tool.claims_something() { prepare(body)? } else { (body, Vec::new()) };
        if let Some(enclosing) = &shared.enclosing
            && !enclosing.covers(&[&*tool.claims, &keys].concat())
        {
            drop_quietly(body);
            return Err(Ending::refused(CallStatus::Failed, NOT_COVERED));
        }
        let Options { access, blocking, sync, timeout, .. } = tool.options;
        let timeout = timeout.unwrap_or(self.limits.call_timeout);
        let span = span(call, self.turn, index);
        let slots = tool.slots.as_ref().filter(|slots| !Enclosing::lends(slots, self.around));
        let (slots, call) = (slots.cloned(), context);
        let info = Info { index, queued, access, blocking, sync, timeout, call, slots, span };
        Ok(Ready { tool, keys, question: None, job: Job::new(body, shared, info) })
    }

    /// Asks about a call what has to be asked; or it is over here.
    fn decide(
        &self,
        mut ready: Ready<'a>,
        (index, call): (usize, &ToolCall),
        calls: usize,
    ) -> Result<Ready<'a>, Ending> {
        let Options { destructive, solo, .. } = ready.tool.options;
        let decided = if solo && calls > 1 {
            Err(Ending::not_run("call it alone, after you have seen the other results"))
        } else if self.approval.concerns(destructive) {
            self.question(index, call, ready.tool)
        } else {
            return Ok(ready);
        };
        match decided {
            Ok(question) => {
                ready.question = question;
                Ok(ready)
            }
            Err(ending) => {
                drop_quietly(ready);
                Err(ending)
            }
        }
    }

    /// Who is asked about a call, if somebody is; or it is denied here.
    fn question(
        &self,
        index: usize,
        call: &ToolCall,
        tool: &Bound,
    ) -> Result<Option<BoxFuture<'static, Decision>>, Ending> {
        let Options { access, destructive, .. } = tool.options;
        let arguments = read_once(call.arguments()).map_err(ToolError::arguments);
        let arguments = arguments.map_err(|error| Ending::of(Err(error)))?;
        if !tool.claims_something() {
            tool.check(call.arguments()).map_err(|error| Ending::of(Err(error)))?;
        }
        let position = CallPosition { run: self.run, turn: self.turn, index };
        let pending = PendingCall::new(position, call, arguments, access, destructive);
        match judge(self.approval, pending) {
            Verdict::Allowed => Ok(None),
            Verdict::Denied(why) => Err(Ending::denied(&why)),
            Verdict::Asked(question) => Ok(Some(question)),
        }
    }

    fn check_limits(&self, index: usize, call: &ToolCall) -> Result<(), Ending> {
        let Limits { calls, argument_bytes: arguments, .. } = *self.limits;
        let refused = |why: String| Err(Ending::not_run(&why));
        if index >= calls {
            return refused(format!(
                "limit of {calls} calls in a response; call it again next turn"
            ));
        }
        match call.arguments().len() {
            bytes if bytes > arguments => {
                refused(format!("arguments of {bytes} bytes, at most {arguments} are taken"))
            }
            _ => Ok(()),
        }
    }

    /// Never the same for two calls, in whatever process.
    fn key(&self, index: usize) -> String {
        format!("{}-{}-{}-{}", self.run, self.turn, self.attempt, index + 1)
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
        queued_ms = tracing::field::Empty,
        ran_ms = tracing::field::Empty,
    )
}
