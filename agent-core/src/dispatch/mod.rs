//! The one door through which calls run: permit, claim point, ledger, task, result.

mod batch;
mod blocking;
mod desk;
mod early;
mod held;
#[cfg(all(test, shuttle))]
mod interleavings;
mod job;
mod lease;
mod lookup;
mod nested;
mod news;
mod outcome;
mod prepare;
mod shared;

pub(crate) use batch::Batch;
pub(crate) use desk::{Broken, CallStep};
pub(crate) use early::{Early, Finished};
pub(crate) use shared::CallTimes;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use crate::log::run_id::RunId;
use crate::rules::approval::Approval;
use crate::rules::limits::Limits;
use crate::rules::stop::StopSignal;
use crate::tool::context::ParentCall;
use crate::toolset::Toolset;
use crate::transcript::{CallStatus, ToolCall, ToolResult};

impl Toolset {
    /// Runs one call by hand, as a run would: in a test, or from a command line.
    ///
    /// It has the default [`Limits`] and is ordered with the calls of all runs on this toolset.
    /// Dropping the future stops the call.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Toolset, tool, tools};
    ///
    /// /// Add two numbers.
    /// #[tool(pure)]
    /// fn add(a: i64, b: i64) -> i64 {
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
        let (call, mut result) = (ToolCall::new("call_1", name, arguments), None);
        by_hand(self, &Limits::default(), &[&call], &mut |_, ended| result = Some(ended)).await;
        result.unwrap_or_else(|| ToolResult::new(&call, CallStatus::NotRun, "never started"))
    }
}

/// Runs calls of a run of their own, all of which are approved.
async fn by_hand(
    toolset: &Toolset,
    limits: &Limits,
    calls: &[&ToolCall],
    done: &mut (dyn FnMut(usize, ToolResult) + Send),
) {
    let (approval, around) = (&Approval::granted(), ParentCall::current());
    let (around, run, turn) = (around.as_ref(), RunId::new(), 1);
    let (slots, one_by_one, watched, attempt) = (None, false, false, 1);
    let batch =
        Batch { toolset, limits, slots, approval, one_by_one, watched, run, turn, attempt, around };
    let mut sink = |index, step: CallStep<'_>| {
        if let CallStep::Counted(result, _) = step {
            done(index, result);
        }
    };
    batch.run(calls, None, &mut StopSignal::never(), &mut sink).await;
}

/// The calls of one response through ledger and dispatch alone: for the benches.
#[doc(hidden)]
pub async fn in_a_batch(
    toolset: &Toolset,
    limits: &Limits,
    calls: &[&ToolCall],
) -> Vec<Option<ToolResult>> {
    let mut results = vec![None; calls.len()];
    by_hand(toolset, limits, calls, &mut |index, result| {
        if let Some(slot) = results.get_mut(index) {
            *slot = Some(result);
        }
    })
    .await;
    results
}

/// A call through the table alone, claim point included: for the benches, which compare it with a
/// table written by hand. No ledger orders it and no task runs it.
#[doc(hidden)]
pub async fn in_place(toolset: &Toolset, name: &str, text: Arc<str>) -> Option<String> {
    let permit = lookup::decide(toolset, name).ok()?;
    let claims = permit.tool().claims_something();
    let body = permit.call(text.into(), None);
    let mut body = if claims { prepare::prepare(body).ok()?.0 } else { body };
    let polled = std::future::poll_fn(|cx| {
        match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    });
    let returned = polled.await.ok()?;
    returned.ok().map(crate::ToolOutput::into_text)
}
