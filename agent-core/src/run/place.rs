//! Where a run goes on, and what the calls of its responses run under.

use crate::dispatch::batch::Batch;
use crate::dispatch::rules::Rules;
use crate::log::run_id::RunId;
use crate::model::ParallelToolCalls;
use crate::run::agent::AgentInner;
use crate::sync::{Handle, Instant};
use crate::tool::context::parent::ParentCall;

/// What is the same for all turns of a run.
#[derive(Clone, Copy)]
pub(crate) struct RunPlace<'a> {
    pub(crate) agent: &'a AgentInner,
    pub(crate) run: RunId,
    pub(crate) runtime: &'a Handle,
    /// The call within which it runs, if there is one.
    pub(crate) parent: Option<&'a ParentCall>,
    /// A consumer reads the events.
    pub(crate) watched: bool,
    pub(crate) began: Instant,
}

impl RunPlace<'_> {
    /// Opens the batch of a response, with room for so many calls.
    pub(crate) fn open(&self, (turn, attempt): (u32, u32), calls: usize) -> Box<Batch> {
        let AgentInner { toolset, limits, slots, parallel, approval, .. } = self.agent;
        let rules = Rules {
            toolset: toolset.clone(),
            limits: limits.clone(),
            slots: slots.clone(),
            approval: approval.clone(),
            one_by_one: *parallel == ParallelToolCalls::Never,
            watched: self.watched,
            run: self.run,
            turn,
            attempt,
            parent: self.parent.cloned(),
            began: self.began,
            runtime: self.runtime.clone(),
            key: None,
        };
        Box::new(Batch::new(rules, calls.min(limits.calls)))
    }
}
