//! The tools, and the desk at which those of a lane work.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agent_core::tool;
use tokio::fs;
use tokio::time::sleep;

use crate::board::{Lane, Running};
use crate::script::{CALLS, Call, NOTES};

/// A folder of notes, and where the board shows what is done to them.
pub(crate) struct Desk {
    pub(crate) folder: PathBuf,
    pub(crate) lane: Lane,
}

impl Desk {
    /// A new folder in this one, with the notes.
    pub(crate) fn new(folder: &Path, name: &'static str) -> io::Result<Self> {
        let folder = folder.join(name.replace(' ', "-"));
        std::fs::create_dir(&folder)?;
        for (path, text) in NOTES {
            std::fs::write(folder.join(path), text)?;
        }
        Ok(Self { folder, lane: Lane::new(name, CALLS.map(Call::row)) })
    }

    fn at(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// Shows a call until it ends.
    fn row(&self, tool: &str, path: &Path, text: &str) -> Running<'_> {
        self.lane.begin(&format!("{tool}({})", path.display()), text)
    }
}

/// Read a note.
#[tool(read(note = path))]
pub(crate) async fn read(desk: &Desk, path: PathBuf) -> io::Result<String> {
    let _row = desk.row("read", &path, "");
    let text = fs::read_to_string(desk.at(&path)).await?;
    sleep(Duration::from_millis(400)).await;
    Ok(text)
}

/// Replace the first occurrence of a text in a note.
#[tool(write(note = path))]
pub(crate) async fn edit(desk: &Desk, path: PathBuf, old: &str, new: &str) -> io::Result<()> {
    let _row = desk.row("edit", &path, new);
    let text = fs::read_to_string(desk.at(&path)).await?;
    typing(new).await;
    fs::write(desk.at(&path), text.replacen(old, new, 1)).await
}

/// Add a line to a note.
#[tool(write(note = path))]
pub(crate) async fn append(desk: &Desk, path: PathBuf, line: &str) -> io::Result<()> {
    let _row = desk.row("append", &path, line);
    let text = fs::read_to_string(desk.at(&path)).await?;
    typing(line).await;
    fs::write(desk.at(&path), text + line + "\n").await
}

/// What lies between reading a note and saving it: the longer the text, the longer it takes.
async fn typing(text: &str) {
    sleep(Duration::from_millis(80 * text.len() as u64)).await;
}
