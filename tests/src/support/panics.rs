//! Panics on purpose: counted, and not printed.

use std::cell::Cell;
use std::panic::{set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static COUNT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Counts the panics of this thread from now on, instead of printing them. Panics of other threads
/// are printed as before, because the hook is one for the whole process.
pub fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |panic| match COUNT.get() {
            Some(count) => COUNT.set(Some(count + 1)),
            None => print(panic),
        }));
    });
    COUNT.set(Some(0));
}

/// How many panics there were on this thread since the last `count_panics`.
pub fn panics() -> usize {
    COUNT.get().unwrap()
}
