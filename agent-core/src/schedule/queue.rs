//! What calls wait for, and who waits.

use std::sync::Arc;
use std::time::Duration;

pub(crate) use crate::schedule::call_ref::CallRef;
use crate::schedule::ledger::Ledger;
use crate::schedule::slots::Slots;
use crate::sync::Mutex;

/// Orders the calls of all toolsets that share it.
pub(crate) type SharedLedger = Arc<Mutex<Ledger<Parked>>>;

/// What limits how many calls run at the same time.
pub(crate) type CallSlots = Slots<Parked>;

/// A call that waits in the ledger or for a slot: the `index`th of its batch.
#[derive(Clone)]
pub(crate) struct Parked {
    pub(crate) batch: Arc<dyn Waiting>,
    pub(crate) index: usize,
}

impl Parked {
    pub(crate) fn is_of<W: Waiting>(&self, batch: &Arc<W>) -> bool {
        std::ptr::addr_eq(Arc::as_ptr(&self.batch), Arc::as_ptr(batch))
    }
}

/// A batch with calls that wait.
pub(crate) trait Waiting: Send + Sync {
    /// Goes on with the call at `index`, which waited in the ledger for `after`.
    fn release(self: Arc<Self>, index: usize, after: CallRef);

    /// Answers the call at `index` if it has waited this long for `after`, which does not end.
    fn give_up(self: Arc<Self>, index: usize, waited: Duration, after: CallRef);

    /// Goes on with the call at `index`, which has got one of these slots; false if it is gone.
    fn give_slot(self: Arc<Self>, index: usize, slots: &Arc<CallSlots>) -> bool;
}

/// For what a call waited last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blocker {
    Call(CallRef),
    /// One of the calls that an agent runs at the same time.
    Slot,
    /// One of the calls of a tool that run at the same time.
    ToolSlot,
    /// Somebody who may allow it.
    Approval,
}
