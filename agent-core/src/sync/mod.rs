//! Locks, tasks and time, as the rest of the crate takes them from std and tokio.
//!
//! With `--cfg shuttle` they are simulated, so that a test controls which task or thread runs next.

#[cfg(shuttle)]
mod simulated;

#[cfg(shuttle)]
pub(crate) use simulated::*;

#[cfg(not(shuttle))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};
#[cfg(not(shuttle))]
pub(crate) use std::{thread, thread_local};
#[cfg(not(shuttle))]
pub(crate) use tokio::runtime::Handle;
#[cfg(not(shuttle))]
pub(crate) use tokio::task::{JoinHandle, spawn_blocking, yield_now};
#[cfg(not(shuttle))]
pub(crate) use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};
