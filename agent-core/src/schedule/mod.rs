//! Which calls can run now: claims and places, the ledger that orders them, and slots.
//!
//! Pure but for one lock around each ledger and each set of slots; nothing here knows of dispatch.

mod call_ref;
pub(crate) mod claim;
pub(crate) mod cover;
pub(crate) mod key_kinds;
mod lanes;
pub(crate) mod ledger;
#[cfg(test)]
mod properties;
pub(crate) mod queue;
mod slab;
pub(crate) mod slots;
mod stuck;
