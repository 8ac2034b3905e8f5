//! Calls that begin while their response is still being written.

use serde_json::Value;
use std::error::Error;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Waker};

use super::batch::{Batch, Ready};
use super::desk::{CallStep, ENDED_BY_ANOTHER, Sink};
use super::news::{News, Word};
use super::outcome::{Ending, drop_quietly};
use super::shared::{CallTimes, Ended, Shared};
use crate::rules::limits::cut_result;
use crate::schema::Access;
use crate::sync::Instant;
use crate::tool::arguments::read_once;
use crate::transcript::{CallStatus, ToolCall, ToolResult};

/// The calls of a response that is still being written, as far as it has moved past them.
///
/// Of these, one that is declared to read or to be `pure` begins at once, unless it conflicts with an
/// earlier one that has not begun. All others are held until the response has ended well: so nothing
/// that writes has run if it does not. Dropped, it stops what has begun.
pub(crate) struct Early<'a> {
    batch: Batch<'a>,
    /// Made with the first call.
    shared: Option<Arc<Shared>>,
    calls: Vec<(ToolCall, Begun<'a>)>,
    /// Empty; room for what comes.
    news: News,
    /// Why a call that was dropped before it began did not begin.
    why: &'static str,
}

/// Where more calls may be in a response, none begins early: there is room for each of them.
const MOST_CALLS: usize = 1 << 16;

/// How far a call has come before its response ended.
pub(super) enum Begun<'a> {
    /// It runs, or waits in the ledger.
    Started,
    /// It waits for the end of the response.
    Held(Ready<'a>),
    /// It is looked at when the response has ended.
    Later,
    /// It has its result.
    Over(Over),
}

/// A call that is over before its response is.
pub(super) struct Over {
    pub(super) result: ToolResult,
    pub(super) times: CallTimes,
    /// The error that ends the run, if the tool returned one.
    pub(super) fatal: Option<Arc<dyn Error + Send + Sync>>,
}

/// A finished read of an answer that failed: the same call of the next answer may take it over.
pub(crate) struct Finished {
    call: ToolCall,
    /// Its arguments in the one way in which they are written here.
    arguments: Option<String>,
    over: Over,
}

impl<'a> Early<'a> {
    pub(crate) fn new(batch: Batch<'a>) -> Self {
        let (calls, news, why) = (Vec::new(), News::default(), "the runtime was shut down");
        Self { batch, shared: None, calls, news, why }
    }

    /// Takes a call past which the response has moved; it may take over what has finished before.
    pub(crate) fn offer(
        &mut self,
        call: &ToolCall,
        finished: &mut Vec<Finished>,
        sink: &mut Sink<'_>,
    ) {
        let index = self.calls.len();
        let begun = self.begin(index, call, finished);
        if let Begun::Over(over) = &begun {
            sink(index, CallStep::Ended(call, &over.result));
        }
        self.calls.push((call.clone(), begun));
    }

    fn begin(&mut self, index: usize, call: &ToolCall, finished: &mut Vec<Finished>) -> Begun<'a> {
        let Batch { toolset, limits, approval, one_by_one, .. } = self.batch;
        let Some(tool) = toolset.find(call.name()) else { return Begun::Later };
        let fits = index < limits.calls && limits.calls <= MOST_CALLS;
        if tool.options.solo || one_by_one || !fits {
            return Begun::Later;
        }
        let batch = &self.batch;
        let shared = self.shared.get_or_insert_with(|| Shared::new(batch, limits.calls)).clone();
        // What cannot be read is told when the response has ended.
        let Ok(ready) = batch.prepare(&shared, (index, call), Instant::now()) else {
            return Begun::Later;
        };
        let is_read = matches!(tool.options.access, Access::Read | Access::Pure);
        let needs_leave = approval.concerns(tool.options.destructive);
        if !is_read || needs_leave || self.holds_back(&ready) {
            return Begun::Held(ready);
        }
        if let Some(over) = take_over(finished, call) {
            drop_quietly(ready);
            return Begun::Over(over);
        }
        shared.admit(&mut vec![ready]);
        Begun::Started
    }

    /// Whether a call must not overtake one that has not begun.
    fn holds_back(&self, ready: &Ready<'_>) -> bool {
        self.calls.iter().any(|(_, earlier)| match earlier {
            Begun::Held(earlier) => earlier.conflicts_with(ready),
            _ => false,
        })
    }

    /// Tells `sink` what has happened; `cx` is woken when there is more.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, sink: &mut Sink<'_>) {
        if let Some(shared) = &self.shared
            && shared.board.poll(cx).is_ready()
        {
            // One round: whoever watches takes what there is before more comes.
            cx.waker().wake_by_ref();
            let mut news = mem::take(&mut self.news);
            shared.board.take(&mut news);
            self.take(&mut news, sink);
            self.news = news;
        }
    }

    fn take(&mut self, news: &mut News, sink: &mut Sink<'_>) {
        news.drain(|word| match word {
            Word::Started(index) => {
                if let Some((call, _)) = self.calls.get(index) {
                    sink(index, CallStep::Started(call));
                }
            }
            Word::Progress(index, text) => {
                if let Some((call, Begun::Started)) = self.calls.get(index) {
                    sink(index, CallStep::Progress(call, &text));
                }
            }
            Word::Ended(ended) => self.ended(ended, sink),
        });
    }

    fn ended(&mut self, Ended { index, ending, times }: Ended, sink: &mut Sink<'_>) {
        let Some((call, begun @ Begun::Started)) = self.calls.get_mut(index) else { return };
        let ending = ending.unwrap_or_else(|| Ending::not_run(self.why));
        let (fatal, mut result) = (ending.fatal(), ending.into_result(call));
        if fatal.is_some() {
            self.why = ENDED_BY_ANOTHER;
        }
        cut_result(&mut result, self.batch.limits.output_bytes);
        sink(index, CallStep::Ended(call, &result));
        *begun = Begun::Over(Over { result, times, fatal });
    }

    /// What has begun of exactly these calls; what has begun of others is stopped.
    pub(super) fn into_begun(
        mut self,
        calls: &[&ToolCall],
    ) -> Option<(Arc<Shared>, Vec<Begun<'a>>)> {
        let same = |(early, call): (&(ToolCall, _), &&ToolCall)| {
            (early.0.name(), early.0.arguments()) == (call.name(), call.arguments())
        };
        let fits = self.calls.len() <= calls.len() && self.calls.iter().zip(calls).all(same);
        if !fits {
            return None;
        }
        let shared = self.shared.take()?;
        let begun = mem::take(&mut self.calls).into_iter().zip(calls);
        let begun = begun.map(|((_, begun), call)| match begun {
            // The response may have made its ids unique meanwhile.
            Begun::Over(over) => Begun::Over(over.of(call)),
            begun => begun,
        });
        Some((shared, begun.collect()))
    }

    /// Stops what has begun, and tells the results of it: the response makes no calls.
    pub(crate) fn discard(mut self, calls: &[&ToolCall], sink: &mut Sink<'_>) {
        self.why = "the response was cut off";
        self.stop_all(sink);
        let Some((shared, begun)) = self.into_begun(calls) else { return };
        for (index, (begun, call)) in begun.into_iter().zip(calls).enumerate() {
            match begun {
                Begun::Over(Over { result, times, .. }) => {
                    sink(index, CallStep::Counted(result, times));
                }
                Begun::Started => {
                    let Some((result, times)) = interrupted(&shared, index, call) else { continue };
                    sink(index, CallStep::Ended(call, &result));
                    sink(index, CallStep::Counted(result, times));
                }
                Begun::Held(ready) => drop_quietly(ready),
                Begun::Later => {}
            }
        }
    }

    /// Stops what has begun, and takes what had ended by then.
    fn stop_all(&mut self, sink: &mut Sink<'_>) {
        if let Some(shared) = &self.shared {
            drop(shared.close());
        }
        self.poll(&mut Context::from_waker(Waker::noop()), sink);
    }

    /// Stops what has begun, and keeps what has finished well: there is no response.
    pub(crate) fn stop(mut self, sink: &mut Sink<'_>) -> Vec<Finished> {
        self.stop_all(sink);
        let Some(shared) = self.shared.take() else { return Vec::new() };
        let mut finished = Vec::new();
        for (index, (call, begun)) in mem::take(&mut self.calls).into_iter().enumerate() {
            match begun {
                Begun::Over(over) if over.result.status() == CallStatus::Completed => {
                    let arguments = written(&call);
                    finished.push(Finished { call, arguments, over });
                }
                Begun::Started => {
                    if let Some((result, _)) = interrupted(&shared, index, &call) {
                        sink(index, CallStep::Ended(&call, &result));
                    }
                }
                begun => drop_quietly(begun),
            }
        }
        finished
    }
}

/// The result of a call that was stopped while it ran, if it did.
fn interrupted(shared: &Shared, index: usize, call: &ToolCall) -> Option<(ToolResult, CallTimes)> {
    let (queued, started) = shared.began(index)?;
    let access = shared.toolset.find(call.name()).map(|tool| tool.options.access);
    let result = Ending::interrupted(access.unwrap_or_default()).into_result(call);
    let (started, ended, waited_for) = (Some(started), Instant::now(), None);
    Some((result, CallTimes { queued, started, ended, waited_for, access }))
}

impl Over {
    /// The same for a call that says the same.
    fn of(mut self, call: &ToolCall) -> Self {
        self.result = self.result.of(call);
        self
    }
}

/// What has finished of a call that says the same; ids differ between answers.
fn take_over(finished: &mut Vec<Finished>, call: &ToolCall) -> Option<Over> {
    if finished.is_empty() {
        return None;
    }
    let arguments = written(call);
    let is_it = |finished: &Finished| {
        finished.call.name() == call.name()
            && (finished.call.arguments() == call.arguments()
                || (arguments.is_some() && finished.arguments == arguments))
    };
    let at = finished.iter().position(is_it)?;
    Some(finished.swap_remove(at).over.of(call))
}

/// Arguments with their members in order and nothing between them, if all readers would see the same.
fn written(call: &ToolCall) -> Option<String> {
    let arguments = read_once(call.arguments()).ok().filter(is_exact)?;
    Some(arguments.to_string())
}

/// Whether all numbers are whole ones that were read without loss.
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.is_f64(),
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(members) => members.values().all(is_exact),
        _ => true,
    }
}

impl Drop for Early<'_> {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            drop(shared.close());
        }
        for (_, begun) in mem::take(&mut self.calls) {
            drop_quietly(begun);
        }
    }
}
