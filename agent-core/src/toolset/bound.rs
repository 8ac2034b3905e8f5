//! A tool with what its calls need.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::ToolError;
use crate::schedule::claim::Claim;
use crate::schedule::queue::{CallSlots, SharedLedger};
use crate::schedule::slots::Slots;
use crate::schema::Access;
use crate::tool::access::Resource;
use crate::tool::arguments::check;
use crate::tool::context::{Invocation, ToolContext};
use crate::tool::meta::{CallFuture, Options};
use crate::toolset::table::Entry;
use crate::transcript::SharedText;

/// A tool of a toolset.
#[derive(Clone)]
pub(crate) struct Bound {
    pub(crate) options: Options,
    /// Derived from all claims; the options have what is declared.
    pub(super) access: Access,
    pub(crate) claims: Arc<[Claim]>,
    /// Where its calls queue, if not all of them run at the same time.
    pub(crate) slots: Option<Arc<CallSlots>>,
    /// What it names; empty for a run-time tool.
    pub(super) resources: &'static [Resource],
    /// Whether its calls add claims of their own.
    pub(crate) claims_keys: bool,
    /// Whether a call needs its [`ToolContext`].
    pub(crate) takes_call: bool,
    pub(super) source: Arc<dyn Source>,
    pub(super) at: usize,
    /// A poll of a body was reported that blocked its thread.
    pub(super) blocked: Arc<AtomicBool>,
    /// The ledger of its toolset, if the kinds of its keys are known only call by call.
    pub(super) ledger: Option<SharedLedger>,
}

impl Bound {
    /// The access of its calls, derived from all claims: what changes something is a write.
    pub(crate) fn access(&self) -> Access {
        self.access
    }

    /// Reports a body that blocked its thread in one poll, once for each tool.
    #[cold]
    pub(crate) fn report_blocking(&self, took: Duration) {
        if !self.blocked.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                ?took,
                "a tool blocked its thread in one poll: make it a plain `fn`, or declare it `blocking`"
            );
        }
    }

    /// Whether its calls have to be admitted by the ledger.
    pub(crate) fn claims_something(&self) -> bool {
        self.claims_keys || !self.claims.is_empty()
    }

    pub(crate) fn call(&self, text: SharedText, call: Option<ToolContext>) -> CallFuture {
        self.source.call(self.at, text, call, self.ledger.as_ref())
    }

    /// Becomes a tool of a toolset with this ledger.
    pub(super) fn join(&mut self, ledger: &SharedLedger) {
        let noted_by_calls = self.claims_keys && self.resources.is_empty();
        self.ledger = noted_by_calls.then(|| ledger.clone());
    }

    /// Reads the arguments of a call that is not made yet.
    pub(crate) fn check(&self, text: &str) -> Result<(), ToolError> {
        self.source.check(self.at, text)
    }
}

/// Where calls go: a table with its state, or a tool known at run time.
pub(super) trait Source: Send + Sync {
    fn call(
        &self,
        at: usize,
        text: SharedText,
        call: Option<ToolContext>,
        ledger: Option<&SharedLedger>,
    ) -> CallFuture;

    /// Whether the arguments fit, for a tool that reads them where it runs.
    fn check(&self, at: usize, text: &str) -> Result<(), ToolError>;
}

pub(super) struct Table<S: 'static> {
    pub(super) state: Arc<S>,
    pub(super) entries: &'static [Entry<S>],
}

impl<S: Send + Sync + 'static> Source for Table<S> {
    #[expect(clippy::indexing_slicing, reason = "`at` is the entry's own position in this table")]
    fn call(
        &self,
        at: usize,
        text: SharedText,
        call: Option<ToolContext>,
        _: Option<&SharedLedger>,
    ) -> CallFuture {
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
