//! A gate for bodies on threads, so that their tests need no measured time.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::LONG;

#[derive(Debug, Default)]
struct State {
    waiting: usize,
    is_open: bool,
}

/// Blocks the threads that pass through it until it is open. It opens when the test ends, also by a
/// panic, because the threads of a runtime are joined when it is dropped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<State>, Condvar)>);

/// Opens the gate when it is dropped.
#[derive(Debug)]
pub(crate) struct Opener(Gate);

impl Drop for Opener {
    fn drop(&mut self) {
        self.0.open();
    }
}

impl Gate {
    pub(crate) fn new() -> (Self, Opener) {
        let gate = Self::default();
        (gate.clone(), Opener(gate))
    }

    /// Blocks the thread.
    pub(crate) fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        state.waiting += 1;
        let (_state, _) = changed.wait_timeout_while(state, LONG, |s| !s.is_open).unwrap();
    }

    pub(crate) fn open(&self) {
        self.0.0.lock().unwrap().is_open = true;
        self.0.1.notify_all();
    }

    /// How many threads have come to the gate.
    pub(crate) fn came(&self) -> usize {
        self.0.0.lock().unwrap().waiting
    }

    /// Waits until so many threads have come.
    pub(crate) async fn has(&self, threads: usize) {
        for _ in 0..20_000 {
            if self.came() >= threads {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("{} of {threads} threads came", self.came());
    }
}
