//! The calls of one response, from its first to its last byte.

use std::mem;
use std::sync::Arc;
use std::task::Context;

use crate::dispatch::ending::{Ending, drop_quietly};
use crate::dispatch::held::Held;
use crate::dispatch::over::{Over, Summary};
use crate::dispatch::prepare::{OUTER_ENDED, Prepared};
use crate::dispatch::replay::ReplayCache;
use crate::dispatch::row::{CallEvent, CallEventKind, Offered};
use crate::dispatch::rules::Rules;
use crate::dispatch::table::{CallTable, Reached};
use crate::log::step::{CallRecord, Emit, Step};
use crate::rules::limits::cut_result;
use crate::schedule::queue::Resumed;
use crate::schema::Access;
use crate::sync::Instant;
use crate::transcript::{ToolCall, ToolResult};

/// Takes the result of the call at a position.
pub(crate) type Results<'a> = dyn FnMut(usize, ToolResult) + Send + 'a;

/// The calls of one response. It is opened when the model is asked, and offered calls as they complete.
///
/// While the response is written, a call that only reads starts at once, unless it conflicts with an
/// earlier one that has not started. All others are held until the response has ended well: so nothing
/// that writes has run if it does not. Dropped, it stops what has started.
pub(crate) struct Batch {
    /// `None` once another driver has it, which stops what runs when it is dropped.
    pub(super) table: Option<Arc<CallTable>>,
    /// The calls past which the response has moved.
    pub(super) offered: Vec<ToolCall>,
    pub(super) held: Held,
    mail: Vec<CallEvent>,
    /// Why a call did not run that was stopped before it began.
    why: &'static str,
}

impl Batch {
    /// Opens a batch with room for so many calls.
    pub(crate) fn new(rules: Rules, calls: usize) -> Self {
        Self::of(CallTable::new(rules, calls))
    }

    /// The batch of calls that are in a table already.
    pub(super) fn of(table: Arc<CallTable>) -> Self {
        let (held, mail, why) = (Held::default(), Vec::new(), "the runtime was shut down");
        Self { table: Some(table), offered: Vec::new(), held, mail, why }
    }

    /// Takes a call past which the response has moved, and starts it if that is safe now. The result of the
    /// same call of a failed attempt is taken from `replay`.
    pub(crate) fn offer(&mut self, call: &ToolCall, replay: &mut ReplayCache, log: &mut Emit<'_>) {
        let index = self.offered.len();
        self.offered.push(call.clone());
        let Some(table) = self.table.clone() else { return };
        let rules = &table.rules;
        let tool = rules.toolset.position(call.name()).map(|at| rules.toolset.tool(at));
        let is_solo = tool.is_none_or(|tool| tool.options.solo);
        if is_solo || rules.one_by_one || index >= rules.limits.calls {
            return;
        }
        let prepared = match table.prepare(index, call, Instant::now()) {
            Ok(prepared) => prepared,
            Err(ending) => return table.refuse(index, ending),
        };
        let reads = matches!(prepared.meta.access, Access::Read | Access::Pure);
        let decided = tool.is_some_and(|tool| rules.approval.concerns(tool.options.destructive));
        let claims: Vec<_> = table.claims(&prepared).collect();
        if !reads || decided {
            return self.held.hold(index, prepared, claims.into_iter(), None);
        }
        let Some(prepared) = self.held.hold_behind(index, prepared, claims.into_iter()) else {
            return;
        };
        if let Some(over) = replay.take(call) {
            drop_quietly(prepared);
            log(&Step::CallEnded { index, call, result: &over.result });
            return table.keep_early(index, over);
        }
        Self::start(&table, index, prepared);
    }

    /// Starts a call in a task, since the model's stream should not wait for its first poll.
    fn start(table: &Arc<CallTable>, index: usize, prepared: Prepared) {
        let mut admitted = Reached::Waits;
        table.admit(&mut vec![(index, prepared)], |_, became| admitted = became);
        match admitted {
            Reached::Ready => {
                if let Resumed::Ended(Some(holding)) = table.launch(index) {
                    holding.release();
                }
            }
            Reached::Waits | Reached::Gone => {}
            Reached::Late => table.refuse(index, Ending::not_run(OUTER_ENDED)),
        }
    }

    /// Emits what has happened; `cx` is woken when there is more.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, log: &mut Emit<'_>) {
        if let Some(table) = &self.table
            && table.poll_mail(cx).is_ready()
        {
            // One round: the consumer takes these events before there are more.
            cx.waker().wake_by_ref();
            self.take_mail(log);
        }
    }

    fn take_mail(&mut self, log: &mut Emit<'_>) {
        let Some(table) = &self.table else { return };
        let mut mail = mem::take(&mut self.mail);
        table.take_mail(&mut mail);
        for CallEvent { index, kind } in mail.drain(..) {
            let Some(call) = self.offered.get(index) else { continue };
            match kind {
                CallEventKind::Started => log(&Step::CallStarted { index, call }),
                CallEventKind::Progress => {
                    if let Some(text) = table.take_progress(index) {
                        log(&Step::CallProgress { index, call, text: &text });
                    }
                }
                CallEventKind::Nested => {
                    if let Some(event) = table.take_nested(index) {
                        log(&Step::Nested { index, call, event: &event });
                    }
                }
                CallEventKind::Ended => {
                    let Some((ending, summary)) = table.take_ending(index) else { continue };
                    let ending = ending.unwrap_or_else(|| Ending::not_run(self.why));
                    let (fatal, mut result) = (ending.fatal(), ending.into_result(call));
                    if fatal.is_some() {
                        self.why = ENDED_BY_ANOTHER;
                    }
                    cut_result(&mut result, table.rules.limits.output_bytes);
                    log(&Step::CallEnded { index, call, result: &result });
                    table.keep_early(index, Over { result, summary, fatal });
                }
            }
        }
        self.mail = mail;
    }

    /// Stops what has started, and takes what had ended by then.
    fn stop(&mut self, log: &mut Emit<'_>) {
        self.held.clear();
        if let Some(table) = &self.table {
            table.close();
        }
        self.take_mail(log);
        if let Some(table) = &self.table {
            table.emit_usage(log);
        }
    }

    /// Whether the response, which has ended, makes the calls that were offered.
    pub(super) fn fits(&self, calls: &[&ToolCall]) -> bool {
        let same = |(offered, call): (&ToolCall, &&ToolCall)| {
            (offered.name(), offered.arguments()) == (call.name(), call.arguments())
        };
        self.offered.len() <= calls.len() && self.offered.iter().zip(calls).all(same)
    }

    /// The calls that the response makes are not those that were offered: a batch for them.
    pub(super) fn anew(mut self: Box<Self>, log: &mut Emit<'_>) -> Box<Self> {
        self.stop(log);
        let rules = self.table.take().map(|table| {
            let rules = table.rules.clone();
            // The calls that were offered have used the keys of this attempt.
            Rules { attempt: rules.attempt + 1, ..rules }
        });
        match rules {
            Some(rules) => Box::new(Self::new(rules, 0)),
            None => self,
        }
    }

    /// There is no response: stops what has started, and keeps the reads that have finished for the next
    /// attempt.
    pub(crate) fn abandon(mut self, log: &mut Emit<'_>) -> ReplayCache {
        self.stop(log);
        let mut replay = ReplayCache::default();
        let Some(table) = &self.table else { return replay };
        for (index, call) in self.offered.iter().enumerate() {
            if let Offered::Early(over) = table.take_offered(index) {
                replay.add(call, *over);
            }
        }
        replay
    }

    /// The response was cut off and makes no calls: stops what has started, whose results count.
    pub(crate) fn cut_off(
        mut self,
        calls: &[&ToolCall],
        log: &mut Emit<'_>,
        results: &mut Results<'_>,
    ) {
        self.why = "the response was cut off";
        self.stop(log);
        let Some(table) = self.table.as_ref().filter(|_| self.fits(calls)) else { return };
        for (index, call) in calls.iter().enumerate() {
            if let Offered::Early(over) = table.take_offered(index) {
                let Over { result, summary, .. } = over.of(call);
                log(&Step::CallRecorded(record(&table.rules, index, &result, &summary)));
                results(index, result);
            }
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if let Some(table) = &self.table {
            table.close();
        }
        self.held.clear();
    }
}

/// Why a call did not run that waited when a fatal error ended the run.
pub(super) const ENDED_BY_ANOTHER: &str = "another call ended the run";

pub(super) fn record(
    rules: &Rules,
    index: usize,
    result: &ToolResult,
    summary: &Summary,
) -> CallRecord {
    CallRecord {
        turn: rules.turn,
        index,
        access: summary.access,
        status: result.status(),
        queued: rules.since_began(summary.queued),
        started: summary.started.map(|started| rules.since_began(started)),
        ended: rules.since_began(summary.ended),
        waited_for: summary.waited_for,
        follows: summary.follows,
    }
}
