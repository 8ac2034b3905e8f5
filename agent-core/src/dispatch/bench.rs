//! What the benches measure and no program needs.

use crate::dispatch::batch::Batch;
use crate::log::step::Step;
use crate::rules::limits::Limits;
use crate::rules::stop::StopSignal;
use crate::toolset::Toolset;
use crate::transcript::{ToolCall, ToolResult};

/// The calls of one response through ledger and dispatch alone: for the benches.
#[doc(hidden)]
pub async fn in_a_batch(
    toolset: &Toolset,
    limits: &Limits,
    calls: &[&ToolCall],
) -> Vec<Option<ToolResult>> {
    let mut results = vec![None; calls.len()];
    let rules = toolset.caller().limits(limits.clone()).rules();
    let batch = Box::new(Batch::new(rules, calls.len()));
    let mut stop = StopSignal::never();
    let mut put = |index: usize, result| {
        if let Some(slot) = results.get_mut(index) {
            *slot = Some(result);
        }
    };
    batch.seal(calls, &mut stop, &mut |_: &Step<'_>| {}, &mut put).await;
    results
}
