//! What the notes say before the race, and what the model asks for.

use std::io;

use agent_core::{Response, ScriptedModel};
use serde_json::{Value, json};

use crate::tools::{Desk, append, edit, read};

pub(crate) const NOTES: [(&str, &str); 3] = [
    ("trip.md", "Train: 9:40\nHotel: ?\n"),
    ("packing.md", "2 shirts\nboots\n"),
    ("guests.md", "Noor\nIlya?\n"),
];

pub(crate) const CALLS: [Call; 10] = [
    Call::Read("trip.md"),
    Call::Edit("trip.md", "Hotel: ?", "Hotel: Adler, 2 beds"),
    Call::Edit("trip.md", "Train: 9:40", "Train: 10:15"),
    Call::Append("packing.md", "a map of the valley"),
    Call::Edit("packing.md", "2 shirts", "3 shirts"),
    Call::Append("guests.md", "Mai"),
    Call::Edit("guests.md", "Ilya?", "Ilya (on Sunday)"),
    Call::Read("trip.md"),
    Call::Read("packing.md"),
    Call::Read("guests.md"),
];

#[derive(Clone, Copy)]
pub(crate) enum Call {
    Read(&'static str),
    Edit(&'static str, &'static str, &'static str),
    Append(&'static str, &'static str),
}

impl Call {
    /// The tool, and the arguments as the model writes them.
    fn asked(self) -> (&'static str, Value) {
        match self {
            Self::Read(path) => ("read", json!({"path": path})),
            Self::Edit(path, old, new) => ("edit", json!({"path": path, "old": old, "new": new})),
            Self::Append(path, line) => ("append", json!({"path": path, "line": line})),
        }
    }

    /// Makes the call without a model and without an agent: the tools are functions.
    pub(crate) async fn by_hand(self, desk: &Desk) -> io::Result<String> {
        let done = |()| "done".to_owned();
        match self {
            Self::Read(path) => read(desk, path.into()).await,
            Self::Edit(path, old, new) => edit(desk, path.into(), old, new).await.map(done),
            Self::Append(path, line) => append(desk, path.into(), line).await.map(done),
        }
    }

    /// Its row on the board: what it is called there, and what it writes.
    pub(crate) fn row(self) -> (String, &'static str) {
        match self {
            Self::Read(path) => (format!("read({path})"), ""),
            Self::Edit(path, _, new) => (format!("edit({path})"), new),
            Self::Append(path, line) => (format!("append({path})"), line),
        }
    }
}

/// A model that makes these calls in one response.
pub(crate) fn model() -> ScriptedModel {
    ScriptedModel::new()
        .turn(|_| {
            CALLS.iter().fold(Response::new(), |response, call| {
                let (name, arguments) = call.asked();
                response.call(name, arguments.to_string())
            })
        })
        .turn(|_| Response::new().with_text("The notes are up to date."))
}
