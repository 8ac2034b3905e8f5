//! The driver of a batch whose response has ended: it admits the calls in model order, polls each once
//! in the run's own task, and waits for those that waited.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::dispatch::batch::{Batch, ENDED_BY_ANOTHER, Results, record};
use crate::dispatch::decide::decide;
use crate::dispatch::ending::{Ending, drop_quietly};
use crate::dispatch::follows::Follows;
use crate::dispatch::held::{Decided, Held};
use crate::dispatch::over::{Over, Summary};
use crate::dispatch::prepare::{OUTER_ENDED, Prepared};
use crate::dispatch::row::{CallEvent, CallEventKind, Offered};
use crate::dispatch::table::{CallTable, Reached};
use crate::log::step::{Emit, Step};
use crate::rules::limits::cut_result;
use crate::rules::stop::{StopCause, StopSignal};
use crate::sync::{Handle, Instant, Sleep, timer_on, yield_now};
use crate::tool::context::parent::Scope;
use crate::toolset::Bound;
use crate::transcript::ToolCall;

/// Why not all calls of a batch came to their own end.
pub(crate) enum Broken {
    /// A fatal error of the tool that was called at this position.
    Fatal(usize, Arc<dyn Error + Send + Sync>),
    /// The run was stopped.
    Stopped(StopCause),
}

/// So many calls are admitted before the runtime gets a pause.
const TOGETHER: usize = 1024;

/// So many bytes of arguments are parsed before the runtime gets a pause.
const LARGE: usize = 64 << 10;

impl Batch {
    /// The response has ended well: runs its calls, and hands over the results as they come.
    ///
    /// Each call gets one result, also when a fatal error, a stop or the drop of this future stops what
    /// runs and withdraws what waits.
    pub(crate) fn seal<'a, 'b>(
        self: Box<Self>,
        calls: &'a [&'a ToolCall],
        stop: &'a mut StopSignal<'_>,
        log: &'a mut Emit<'b>,
        results: &'a mut Results<'b>,
    ) -> impl Future<Output = Option<Broken>> + Send {
        let mut batch = if self.fits(calls) { self } else { self.anew(log) };
        let held = mem::take(&mut batch.held).unseal();
        // It stops nothing when it is dropped.
        let table = batch.table.take();
        let sealed = table.map(|table| Sealed::new(table, calls, log, results));
        async move {
            match sealed {
                Some(sealed) => sealed.run(held, stop).await,
                None => None,
            }
        }
    }
}

pub(super) struct Sealed<'a, 'b> {
    pub(super) table: Arc<CallTable>,
    pub(super) calls: &'a [&'a ToolCall],
    pub(super) held: Held,
    /// Calls that are to be admitted together.
    pub(super) group: Vec<(usize, Prepared)>,
    /// Calls that have all they need, in the order in which they got it.
    pub(super) ready: VecDeque<usize>,
    pub(super) answered: Vec<bool>,
    /// How many calls were accepted and have no result.
    pub(super) open: usize,
    pub(super) mail: Vec<CallEvent>,
    /// Why a call did not run that was stopped before it began.
    pub(super) why: &'static str,
    pub(super) broken: Option<Broken>,
    /// Orders one call after the other, and finds what each conflicts with.
    pub(super) follows: Option<Follows>,
    /// The last look at the clock, as long as nothing has waited since.
    pub(super) now: Option<Instant>,
    /// A first poll took long.
    pub(super) hurried: bool,
    pub(super) scope: Option<Scope>,
    /// When the queued calls are looked at.
    pub(super) patience: Option<Pin<Box<Sleep>>>,
    pub(super) log: &'a mut Emit<'b>,
    pub(super) results: &'a mut Results<'b>,
}

impl<'a, 'b> Sealed<'a, 'b> {
    fn new(
        table: Arc<CallTable>,
        calls: &'a [&'a ToolCall],
        log: &'a mut Emit<'b>,
        results: &'a mut Results<'b>,
    ) -> Self {
        let follows = table.rules.one_by_one.then(Follows::default);
        let together = calls.len().min(TOGETHER);
        Self {
            table,
            calls,
            held: Held::default(),
            group: Vec::with_capacity(together),
            ready: VecDeque::with_capacity(together),
            answered: vec![false; calls.len()],
            open: 0,
            mail: Vec::new(),
            why: "the runtime was shut down",
            broken: None,
            follows,
            now: None,
            hurried: false,
            scope: None,
            patience: None,
            log,
            results,
        }
    }

    async fn run(
        mut self,
        mut unsealed: BTreeMap<usize, Prepared>,
        stop: &mut StopSignal<'_>,
    ) -> Option<Broken> {
        let (mut seen, mut parsed) = (0, 0);
        let mut queued = Instant::now();
        for (index, call) in self.calls.iter().enumerate() {
            if self.broken.is_some() {
                break;
            }
            self.accept(index, unsealed.remove(&index), queued);
            seen += 1;
            parsed += call.arguments().len();
            if seen < TOGETHER && parsed < LARGE && self.follows.is_none() {
                continue;
            }
            self.run_ready();
            if self.follows.is_some() {
                self.settle(stop).await;
            } else {
                // A consumer that stops to read would keep the others from starting.
                if !self.table.rules.watched {
                    yield_now().await;
                }
                self.take_mail();
                if self.broken.is_none() {
                    self.broken = stop.look().await.map(Broken::Stopped);
                }
            }
            (seen, parsed, queued) = (0, 0, Instant::now());
        }
        unsealed.into_values().for_each(drop_quietly);
        if self.broken.is_some() {
            mem::take(&mut self.group).into_iter().for_each(drop_quietly);
        }
        self.run_ready();
        self.settle(stop).await;
        self.broken.take()
    }

    /// Admits a call, holds it, or answers it.
    fn accept(&mut self, index: usize, held: Option<Prepared>, queued: Instant) {
        let Some(call) = self.calls.get(index) else { return };
        self.open += 1;
        let prepared = match self.table.take_offered(index) {
            Offered::Admitted => return,
            Offered::Early(over) => return self.take_early(index, *over),
            Offered::Refused(ending) => Err(ending),
            Offered::Unread => match held {
                Some(prepared) => Ok(prepared),
                None => self.table.prepare(index, call, queued),
            },
        };
        let calls = self.calls.len();
        let decided =
            prepared.and_then(|prepared| decide(&self.table.rules, (index, call), calls, prepared));
        let (prepared, question) = match decided {
            Ok(decided) => decided,
            Err(ending) => return self.answer_unadmitted(index, ending, queued),
        };
        let claims: Vec<_> = if question.is_some() || !self.held.is_empty() {
            self.table.claims(&prepared).collect()
        } else {
            Vec::new()
        };
        if question.is_some() {
            (self.log)(&Step::ApprovalRequested { index, call });
            return self.held.hold(index, prepared, claims.into_iter(), question);
        }
        if let Some(prepared) = self.held.hold_behind(index, prepared, claims.into_iter()) {
            self.admit(index, prepared);
        }
    }

    /// Admits a call with the others of its group.
    fn admit(&mut self, index: usize, prepared: Prepared) {
        if let Some(follows) = &mut self.follows {
            let earlier = follows.admit(index, self.table.claims(&prepared));
            self.table.note_follows(index, earlier);
        }
        self.group.push((index, prepared));
    }

    pub(super) fn admit_group(&mut self) {
        let (ready, mut late) = (&mut self.ready, Vec::new());
        self.table.admit(&mut self.group, |index, became| match became {
            Reached::Ready => ready.push_back(index),
            Reached::Waits | Reached::Gone => {}
            Reached::Late => late.push(index),
        });
        for index in late {
            self.answer_unadmitted(index, Ending::not_run(OUTER_ENDED), Instant::now());
        }
    }

    /// The result that a call had while its response was written.
    fn take_early(&mut self, index: usize, over: Over) {
        let Some(call) = self.calls.get(index) else { return };
        let Over { result, summary, fatal } = over.of(call);
        if let Some(error) = fatal {
            self.ends_run(index, error);
        }
        if self.is_answered(index) {
            return;
        }
        (self.log)(&Step::CallRecorded(record(&self.table.rules, index, &result, &summary)));
        (self.results)(index, result);
    }

    /// Waits for all open calls, also those that are held; after a fatal error, or if the run is stopped,
    /// only for those that run to end.
    ///
    /// What is rare is boxed, so that a run holds no room for it.
    async fn settle(&mut self, stop: &mut StopSignal<'_>) {
        loop {
            self.take_mail();
            match self.broken {
                Some(Broken::Fatal(..)) => return Box::pin(self.stop_now()).await,
                Some(Broken::Stopped(cause)) => {
                    self.why = cause.why();
                    return Box::pin(self.wind_down()).await;
                }
                None if self.open == 0 => return,
                None if self.held.is_empty() => {
                    let stopped = poll_fn(|cx| self.poll_calls(stop, cx)).await;
                    self.broken = stopped.map(Broken::Stopped);
                }
                None => Box::pin(self.wait_or_decide(stop)).await,
            }
            self.run_ready();
            if self.table.rules.watched && self.broken.is_none() {
                // The consumer takes these events before there are more.
                self.take_mail();
                yield_now().await;
            }
        }
    }

    /// Ready when something has happened, or with the cause when the run is stopped.
    fn poll_calls(
        &mut self,
        stop: &mut StopSignal<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<StopCause>> {
        // First, so that no flood of events holds it off.
        if let Poll::Ready(cause) = stop.poll(cx) {
            return Poll::Ready(Some(cause));
        }
        if self.table.poll_mail(cx).is_ready() {
            return Poll::Ready(None);
        }
        self.poll_patience(cx);
        Poll::Pending
    }

    /// Answers calls that have waited for long behind bodies that were stopped and have not returned.
    fn poll_patience(&mut self, cx: &mut Context<'_>) {
        let limit = self.table.rules.limits.call_timeout;
        if self.patience.is_none() {
            if !self.table.has_queued() {
                return;
            }
            let Some(check) = self.table.next_check(limit, Instant::now()) else { return };
            self.patience = timer_on(&Handle::current(), check);
        }
        let Some(patience) = &mut self.patience else { return };
        while patience.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            self.table.answer_behind_stuck(limit, now);
            let Some(check) = self.table.next_check(limit, now) else { return };
            patience.as_mut().reset(check);
        }
    }

    /// Waits for an event or a decision, whichever is first. While an approver is asked, no clock runs.
    async fn wait_or_decide(&mut self, stop: &mut StopSignal<'_>) {
        let (asking, since) = (self.held.is_asking(), Instant::now());
        let mut decided = None;
        let stopped = poll_fn(|cx| {
            // First, so that no flood of events holds it off.
            let stopped = if asking { stop.poll_cancelled(cx) } else { stop.poll(cx) };
            if let Poll::Ready(cause) = stopped {
                return Poll::Ready(Some(cause));
            }
            if self.table.poll_mail(cx).is_ready() {
                return Poll::Ready(None);
            }
            if let Poll::Ready(decision) = self.held.poll_decided(cx) {
                decided = Some(decision);
                return Poll::Ready(None);
            }
            self.poll_patience(cx);
            Poll::Pending
        })
        .await;
        if asking {
            stop.put_off(since.elapsed());
        }
        self.broken = stopped.map(Broken::Stopped);
        match decided {
            Some(Decided::Allowed(index)) => self.table.note_approval(index),
            Some(Decided::Denied(index, call, why)) => {
                self.table.note_approval(index);
                self.answer_unadmitted(index, Ending::denied(&why), call.meta.queued);
                drop_quietly(call);
            }
            None => {}
        }
        if self.broken.is_none() {
            for (index, prepared) in self.held.released() {
                self.admit(index, prepared);
            }
        }
    }

    /// Takes what has happened since.
    pub(super) fn take_mail(&mut self) {
        let mut mail = mem::take(&mut self.mail);
        self.table.take_mail(&mut mail);
        for CallEvent { index, kind } in mail.drain(..) {
            let Some(call) = self.calls.get(index) else { continue };
            match kind {
                CallEventKind::Started => (self.log)(&Step::CallStarted { index, call }),
                CallEventKind::Progress => {
                    let text = self.table.take_progress(index);
                    if let Some(text) = text
                        && self.answered.get(index) == Some(&false)
                    {
                        (self.log)(&Step::CallProgress { index, call, text: &text });
                    }
                }
                CallEventKind::Nested => {
                    if let Some(event) = self.table.take_nested(index) {
                        (self.log)(&Step::Nested { index, call, event: &event });
                    }
                }
                CallEventKind::Ended => {
                    if let Some((ending, summary)) = self.table.take_ending(index) {
                        let ending = ending.unwrap_or_else(|| Ending::not_run(self.why));
                        self.answer(index, ending, &summary);
                    }
                }
            }
        }
        self.mail = mail;
    }

    /// Answers a call that holds nothing.
    pub(super) fn answer_unadmitted(&mut self, index: usize, ending: Ending, queued: Instant) {
        let Some(call) = self.calls.get(index) else { return };
        let toolset = &self.table.rules.toolset;
        let tool = toolset.position(call.name()).map(|at| toolset.tool(at));
        let access = tool.map(Bound::access);
        let (waited_for, follows) = self.table.waits(index);
        let ended = Instant::now();
        let summary = Summary { access, queued, started: None, ended, waited_for, follows };
        self.answer(index, ending, &summary);
    }

    /// The result of a call; the first one counts.
    pub(super) fn answer(&mut self, index: usize, ending: Ending, summary: &Summary) {
        let Some(call) = self.calls.get(index) else { return };
        if self.is_answered(index) {
            return drop_quietly(ending);
        }
        if let Some(error) = ending.fatal() {
            self.ends_run(index, error);
        }
        if let Some(follows) = &mut self.follows {
            let ran =
                summary.started.map(|started| summary.ended.saturating_duration_since(started));
            follows.end(index, ran.unwrap_or_default());
        }
        let rules = &self.table.rules;
        let mut result = ending.into_result(call);
        cut_result(&mut result, rules.limits.output_bytes);
        if rules.watched {
            (self.log)(&Step::CallEnded { index, call, result: &result });
        }
        (self.log)(&Step::CallRecorded(record(rules, index, &result, summary)));
        (self.results)(index, result);
    }

    pub(super) fn ends_run(&mut self, index: usize, error: Arc<dyn Error + Send + Sync>) {
        match self.broken {
            Some(Broken::Fatal(..)) => {}
            // In its grace: the error is not lost, but why the others did not run stays.
            Some(Broken::Stopped(_)) => self.broken = Some(Broken::Fatal(index, error)),
            None => {
                self.broken = Some(Broken::Fatal(index, error));
                self.why = ENDED_BY_ANOTHER;
            }
        }
    }

    /// Whether a call has its result; it has one from now on.
    fn is_answered(&mut self, index: usize) -> bool {
        let Some(answered) = self.answered.get_mut(index) else { return true };
        let before = mem::replace(answered, true);
        if !before {
            self.open = self.open.saturating_sub(1);
        }
        before
    }
}
