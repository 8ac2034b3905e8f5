//! Locks, tasks and time, as the rest of the crate takes them from std and tokio.
//!
//! With `--cfg shuttle` they are simulated, so that a test controls which task or thread runs next.

#[cfg(shuttle)]
mod simulated;

#[cfg(shuttle)]
pub(crate) use simulated::*;

#[cfg(not(shuttle))]
pub(crate) use std::sync::{Mutex, MutexGuard};
#[cfg(not(shuttle))]
pub(crate) use std::{thread, thread_local};
#[cfg(not(shuttle))]
pub(crate) use tokio::runtime::{Handle, Id as RuntimeId};
#[cfg(not(shuttle))]
pub(crate) use tokio::task::{AbortHandle, JoinHandle, yield_now};
#[cfg(not(shuttle))]
pub(crate) use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};

/// Runs work on a thread that may block.
#[cfg(not(shuttle))]
pub(crate) fn spawn_blocking<T: Send + 'static>(
    runtime: &Handle,
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    runtime.spawn_blocking(work)
}

/// A timer on this runtime; `None` if it has none: tokio panics then, and has no other way to find out.
pub(crate) fn timer_on(runtime: &Handle, deadline: Instant) -> Option<std::pin::Pin<Box<Sleep>>> {
    let _entered = runtime.enter();
    std::panic::catch_unwind(|| Box::pin(sleep_until(deadline))).ok()
}

/// The runtime that polls.
#[cfg(not(shuttle))]
pub(crate) fn runtime_id() -> Option<RuntimeId> {
    Handle::try_current().ok().map(|handle| handle.id())
}
