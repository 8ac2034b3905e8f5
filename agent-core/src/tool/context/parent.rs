//! Which call a thread runs: the parent of what its body runs.

use std::cell::Cell;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use crate::log::event::Event;
use crate::schedule::queue::{CallSlots, Permits, SharedLedger, Within};
use crate::schema::Access;
use crate::sync;
use crate::transcript::Usage;

/// A call that runs, for what runs within it.
#[derive(Clone)]
pub(crate) struct ParentCall {
    host: Arc<dyn Host>,
    index: usize,
}

/// The batch of a call, as its body sees it.
pub(crate) trait Host: Send + Sync {
    /// Cancelled when the call is stopped, as are runs within it.
    fn stopped(&self, index: usize) -> CancellationToken;

    /// Reports how far the call is.
    fn progress(&self, index: usize, text: String);

    /// Whether a consumer reads the events of the call's run.
    fn is_watched(&self) -> bool;

    /// Passes on an event of a run within the call.
    fn nested(&self, index: usize, event: Event);

    /// Adds the tokens of a run within the call.
    fn add_usage(&self, index: usize, usage: Usage);

    /// What the call holds, to be shared with the calls within it; `None` if it has ended.
    fn within(&self, index: usize) -> Option<Arc<Within>>;

    /// The ledger of the call's toolset.
    fn ledger(&self) -> &SharedLedger;

    fn access(&self, index: usize) -> Access;

    /// The call within which this one runs.
    fn parent(&self) -> Option<&ParentCall>;
}

impl ParentCall {
    pub(crate) fn new(host: Arc<dyn Host>, index: usize) -> Self {
        Self { host, index }
    }

    /// Makes it another call of the same batch.
    pub(crate) fn set_index(&mut self, index: usize) {
        self.index = index;
    }

    /// The call that this thread runs.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.with(|current| {
            let (parent, scope) = match current.take()? {
                Scope::Call(parent) => (parent.clone(), Scope::Call(parent)),
                Scope::Single(single) => {
                    let parent = single.open();
                    (parent.clone(), Scope::Call(parent))
                }
            };
            current.set(Some(scope));
            Some(parent)
        })
    }

    pub(crate) fn stopped(&self) -> CancellationToken {
        self.host.stopped(self.index)
    }

    pub(crate) fn progress(&self, text: String) {
        self.host.progress(self.index, text);
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.host.is_watched()
    }

    pub(crate) fn nested(&self, event: Event) {
        self.host.nested(self.index, event);
    }

    pub(crate) fn add_usage(&self, usage: Usage) {
        self.host.add_usage(self.index, usage);
    }

    pub(crate) fn within(&self) -> Option<Arc<Within>> {
        self.host.within(self.index)
    }

    /// This call and those around it, the nearest first.
    fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |call| call.host.parent())
    }

    /// How many calls there are around what runs within this one.
    pub(crate) fn depth(&self) -> usize {
        self.chain().count()
    }

    /// The nearest call that this ledger orders. A call within it that waited in the ledger could wait for
    /// a call that waits for its own parent, so it is ordered within that call instead.
    pub(crate) fn on_ledger(&self, ledger: &SharedLedger) -> Option<&Self> {
        self.chain().find(|call| Arc::ptr_eq(call.host.ledger(), ledger))
    }

    /// Whether each of these calls is declared to write, so that calls within may write too.
    pub(crate) fn may_write(&self) -> bool {
        self.chain().all(|call| call.host.access(call.index).may_write())
    }

    /// The slot that the nearest holder of one of these lends; the slots themselves where no call holds
    /// one; `None` where the holder has ended.
    pub(crate) fn slots(&self, slots: &Arc<CallSlots>) -> Option<Arc<CallSlots>> {
        for call in self.chain() {
            if let Some(lent) = call.within()?.lends(slots) {
                return Some(lent);
            }
        }
        Some(slots.clone())
    }
}

/// The body that a thread polls.
pub(crate) enum Scope {
    Call(ParentCall),
    /// A call outside of a batch, which becomes the call of one when something runs within it.
    Single(Single),
}

/// A call outside of a batch.
pub(crate) struct Single {
    pub(crate) opens: Arc<dyn Opens>,
    /// The position of its tool.
    pub(crate) tool: usize,
    pub(crate) permits: Option<Permits>,
}

/// Makes the batch of a single call.
pub(crate) trait Opens: Send + Sync {
    fn open(self: Arc<Self>, tool: usize, permits: Option<Permits>) -> ParentCall;
}

impl Single {
    fn open(self) -> ParentCall {
        let Self { opens, tool, permits } = self;
        opens.open(tool, permits)
    }
}

sync::thread_local! {
    static CURRENT: Cell<Option<Scope>> = const { Cell::new(None) };
}

impl Scope {
    /// Whether this thread polls a body.
    pub(crate) fn is_inside() -> bool {
        CURRENT.with(|current| {
            let scope = current.take();
            let inside = scope.is_some();
            current.set(scope);
            inside
        })
    }

    /// Runs a piece of a body in the scope of its call. The scope is moved to the thread and back, so that
    /// no handle has to be counted.
    pub(crate) fn run<T>(scope: &mut Option<Self>, piece: impl FnOnce() -> T) -> T {
        struct Restore<'a> {
            scope: &'a mut Option<Scope>,
            outer: Option<Scope>,
        }
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                let outer = self.outer.take();
                *self.scope = CURRENT.with(|current| current.replace(outer));
            }
        }
        let outer = CURRENT.with(|current| current.replace(scope.take()));
        let restore = Restore { scope, outer };
        let result = piece();
        drop(restore);
        result
    }
}
