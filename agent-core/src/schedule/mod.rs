//! Who may run now: claims and places, the ledger that orders them, and slots.
//!
//! Pure but for one lock around each ledger and each set of slots; nothing here knows of dispatch.

mod call_ref;
pub(crate) mod claim;
pub(crate) mod ledger;
pub(crate) mod queue;
mod slab;
pub(crate) mod slots;
