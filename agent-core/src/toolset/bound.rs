//! A tool with what its calls need.

use std::sync::Arc;

use super::table::Entry;
use crate::error::ToolError;
use crate::schedule::claim::Claim;
use crate::schedule::queue::CallSlots;
use crate::schedule::slots::Slots;
use crate::tool::access::Resource;
use crate::tool::arguments::check;
use crate::tool::context::{Invocation, ToolContext};
use crate::tool::meta::{CallFuture, Options};
use crate::transcript::SharedText;

/// A tool of a toolset.
#[derive(Clone)]
pub(crate) struct Bound {
    pub(crate) options: Options,
    pub(crate) claims: Arc<[Claim]>,
    /// Where its calls queue, if not all of them run at the same time.
    pub(crate) slots: Option<Arc<CallSlots>>,
    /// What it names; empty for a run-time tool.
    pub(super) resources: &'static [Resource],
    /// Whether its calls add claims of their own.
    pub(super) claims_keys: bool,
    /// Whether a call needs its [`ToolContext`].
    pub(crate) takes_call: bool,
    pub(super) source: Arc<dyn Source>,
    pub(super) at: usize,
}

impl Bound {
    /// No tool is: each declares what it touches.
    #[expect(clippy::unused_self, reason = "the rows of calls still ask")]
    pub(crate) fn is_silent(&self) -> bool {
        false
    }

    /// Whether its calls have to be admitted by the ledger.
    pub(crate) fn claims_something(&self) -> bool {
        self.claims_keys || !self.claims.is_empty()
    }

    pub(crate) fn call(&self, text: SharedText, call: Option<ToolContext>) -> CallFuture {
        self.source.call(self.at, text, call)
    }

    /// Reads the arguments of a call that is not made yet.
    pub(crate) fn check(&self, text: &str) -> Result<(), ToolError> {
        self.source.check(self.at, text)
    }
}

/// Where calls go: a table with its state, or a tool known at run time.
pub(super) trait Source: Send + Sync {
    fn call(&self, at: usize, text: SharedText, call: Option<ToolContext>) -> CallFuture;

    /// Whether the arguments fit, for a tool that reads them where it runs.
    fn check(&self, at: usize, text: &str) -> Result<(), ToolError>;
}

pub(super) struct Table<S: 'static> {
    pub(super) state: Arc<S>,
    pub(super) entries: &'static [Entry<S>],
}

impl<S: Send + Sync + 'static> Source for Table<S> {
    #[expect(clippy::indexing_slicing, reason = "`at` is the entry's own position in this table")]
    fn call(&self, at: usize, text: SharedText, call: Option<ToolContext>) -> CallFuture {
        let Entry { lent, call: start, .. } = &self.entries[at];
        let state = (!lent.is_empty()).then(|| self.state.clone());
        start(Invocation { state, text, call })
    }

    #[expect(clippy::indexing_slicing, reason = "`at` is the entry's own position in this table")]
    fn check(&self, at: usize, text: &str) -> Result<(), ToolError> {
        check(text, self.entries[at].meta.parameters)
    }
}

/// Where the calls of a tool queue that limits them.
pub(super) fn slots(options: &Options) -> Option<Arc<CallSlots>> {
    let calls = usize::try_from(options.max_concurrent).ok().filter(|calls| *calls > 0);
    calls.map(Slots::new)
}
