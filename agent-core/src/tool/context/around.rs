//! Which call a thread runs.

use std::cell::Cell;
use std::sync::Arc;

use crate::sync;
use crate::tool::context::Batch;

/// A call that runs, for what runs within it.
#[derive(Clone)]
pub(crate) struct ParentCall {
    pub(crate) batch: Arc<dyn Batch>,
    pub(crate) index: usize,
}

sync::thread_local! {
    static CURRENT: Cell<Option<ParentCall>> = const { Cell::new(None) };
}

impl ParentCall {
    /// The call that this thread runs.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.with(|around| {
            let current = around.take();
            around.set(current.clone());
            current
        })
    }

    /// Runs a piece of this call.
    pub(crate) fn scope<T>(&self, piece: impl FnOnce() -> T) -> T {
        struct Restore(Option<ParentCall>);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.with(|around| around.set(self.0.take()));
            }
        }
        let restore = Restore(CURRENT.with(|around| around.replace(Some(self.clone()))));
        let result = piece();
        drop(restore);
        result
    }
}
