//! Panics are counted, and not printed where they are on purpose.

use std::cell::Cell;
use std::panic::{set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static COUNT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Counts the panics of this thread from now on. Those that say `on purpose` are not printed, and those of
/// this thread that say nothing; the others are, because the hook is one for the whole process.
pub fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |panic| {
            if let Some(count) = COUNT.get() {
                COUNT.set(Some(count + 1));
            }
            let payload = panic.payload();
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or(payload.downcast_ref::<&str>().copied());
            let on_purpose = text.map_or(COUNT.get().is_some(), |text| text == "on purpose");
            if !on_purpose {
                print(panic);
            }
        }));
    });
    COUNT.set(Some(0));
}

/// How many panics there were on this thread since the last `count_panics`.
pub fn panics() -> usize {
    COUNT.get().unwrap()
}
