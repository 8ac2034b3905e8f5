//! Tools that declare in each way what they touch.

use agent_core::{CallStatus, Lock, State, ToolError, Toolset, tool, tools};
use serde_json::json;
use std::future::pending;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::watch::{Mood, Watch};
use crate::sync::{thread, yield_now};

#[derive(Default)]
pub(super) struct Notes;

/// The tools, for the one that runs another.
#[derive(Default)]
pub(super) struct Own(pub(super) Mutex<Option<Toolset>>);

#[derive(State, Default)]
pub(super) struct Store {
    pub(super) watch: Watch,
    pub(super) own: Own,
    #[lend(mut Notes)]
    notes: Lock<Notes>,
}

macro_rules! working {
    ($($options:tt $name:ident($($arg:ident: $ty:ty),*);)*) => {$(
        #[doc = "Work."]
        #[tool $options]
        async fn $name(watch: &Watch, n: usize, $($arg: $ty),*) -> Result<usize, ToolError> {
            $(_ = $arg;)*
            let (inside, op) = (watch.enter(n), watch.op(n));
            for _ in 0..op.rests {
                yield_now().await;
                inside.go_on();
            }
            if op.mood == Mood::Hangs {
                pending::<()>().await;
            }
            inside.end()
        }
    )*};
}

working! {
    (pure) think();
    (read) look();
    (write) poke();
    (read("orders")) stock();
    (write("orders")) order();
    (pure) recall(notes: &Notes);
    (read) note(notes: &mut Notes);
    (read(file = path)) cat(path: PathBuf);
    (write(file = path)) edit(path: PathBuf);
    (read(file = path), max_concurrent = 2) few(path: PathBuf);
    (write(file = path), max_concurrent = 1) one(path: PathBuf);
    (destructive, write(file = path)) wipe(path: PathBuf);
    (blocking, write(file = path)) send(path: PathBuf);
}

/// Work on a thread.
#[tool(write(file = path))]
fn save(watch: &Watch, n: usize, path: PathBuf) -> Result<usize, ToolError> {
    _ = path;
    let inside = watch.enter(n);
    for _ in 0..watch.op(n).rests {
        thread::yield_now();
    }
    inside.end()
}

/// Run another call.
#[tool(write(file = path))]
async fn within(watch: &Watch, own: &Own, n: usize, path: PathBuf) -> Result<usize, ToolError> {
    let inside = watch.enter(n);
    let own = own.0.lock().unwrap().clone().unwrap();
    let arguments = json!({ "path": path, "rests": watch.op(n).rests }).to_string();
    let status = own.call("inner", arguments).await.status();
    if !matches!(status, CallStatus::Completed | CallStatus::TimedOut) {
        watch.see(|seen| seen.faults.push(format!("the call within another one: {status:?}")));
    }
    inside.end()
}

/// Run within another call.
#[tool(write(file = path))]
async fn inner(path: PathBuf, rests: usize) {
    _ = path;
    for _ in 0..rests {
        yield_now().await;
    }
}

pub(super) const ALL: [&str; 15] = [
    "think", "look", "poke", "stock", "order", "recall", "note", "cat", "edit", "few", "one",
    "wipe", "send", "save", "within",
];

pub(super) fn toolset(store: &Arc<Store>) -> Toolset {
    let tools = tools![
        think, look, poke, stock, order, recall, note, cat, edit, few, one, wipe, send, save,
        within, inner
    ];
    tools.with_state_arc(store.clone())
}
