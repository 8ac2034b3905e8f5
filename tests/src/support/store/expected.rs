//! What the calls do one after another, without the library.

use agent_core::{CallStatus, ToolResult};

use super::call::{Call, Mood, Op, Sets};
use super::{Cells, TIMEOUT, digest, each, mix};

/// Those that declare that they do not write.
const HARMLESS: [&str; 11] = [
    "peek", "think", "stock", "audit", "balance", "sum", "cat", "notes", "recall", "ask", "ponder",
];

fn effect(cells: &mut Cells, name: &str, op: Op) -> u64 {
    let Sets { touched, written } = Sets::of(name, op);
    let seen = digest(cells, touched);
    for cell in each(written) {
        cells[cell] = mix(cells[cell], seen ^ op.by);
    }
    let now = digest(cells, touched);
    mix(seen, mix(now, now))
}

impl Call {
    /// Runs it after all that were before it, and tells its result; nothing, if it is not known in
    /// advance.
    fn run(self, cells: &mut Cells) -> (CallStatus, Option<String>) {
        let Self::Good(name, op) = self else {
            return (CallStatus::Failed, None);
        };
        if self.is_denied() {
            return (CallStatus::NotRun, Some(format!("denied: {} may not", op.n)));
        }
        let value = if op.ends_early() { 0 } else { effect(cells, name, op) };
        let (status, text) = match op.mood {
            Mood::Good => (CallStatus::Completed, value.to_string()),
            Mood::FailsEarly | Mood::FailsLate => (CallStatus::Failed, format!("{} fails", op.n)),
            Mood::PanicsEarly | Mood::PanicsLate => {
                (CallStatus::Failed, format!("the tool panicked: {} panics", op.n))
            }
            Mood::HangsEarly | Mood::HangsLate => {
                let may = "; it may have taken effect";
                let may = if HARMLESS.contains(&name) { "" } else { may };
                (CallStatus::TimedOut, format!("timed out after {TIMEOUT}ms{may}"))
            }
        };
        (status, Some(text))
    }
}

/// Runs a call in `cells`, and compares its result.
pub fn check(result: &ToolResult, call: Call, cells: &mut Cells, several: bool) {
    let (status, text) = call.run(cells);
    assert_eq!(result.status(), status, "{call:?}: {result:?}");
    match (call, text) {
        (Call::Good(..), _) if several && call.reads_unnamed() => {}
        (_, Some(text)) => assert_eq!(result.text(), text, "{call:?}"),
        (Call::Unknown, None) => assert!(result.text().starts_with("there is no tool")),
        _ => assert!(result.text().starts_with("invalid arguments: "), "{call:?}: {result:?}"),
    }
}
