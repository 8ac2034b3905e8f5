//! What the model may do: small text files in one folder, to be listed, read, searched and changed.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use agent_core::{ToolContext, ToolError, tool};
use tempfile::TempDir;
use tokio::fs;
use tokio::time::sleep;

const NOTES: [(&str, &str); 4] = [
    ("trip.md", "Train at 9:40 from platform 7.\nHotel: Adler, 2 beds.\n"),
    ("packing.md", "2 shirts\nboots\na map of the valley\n"),
    ("guests.md", "Noor\nIlya?\n"),
    ("ideas.md", "Ask at the Adler for a room with a view of the valley.\n"),
];

/// A folder of notes, deleted with this.
pub(crate) struct Notes {
    folder: TempDir,
    /// How long each look into the folder takes, so that there is something to see.
    pause: Duration,
}

impl Notes {
    pub(crate) fn new(pause: Duration) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("notes-").tempdir()?;
        for (name, text) in NOTES {
            std::fs::write(folder.path().join(name), text)?;
        }
        Ok(Self { folder, pause })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where a note is; nothing outside of the folder is one.
    async fn at(&self, path: &Path) -> Result<PathBuf, ToolError> {
        sleep(self.pause).await;
        let mut parts = path.components();
        match (parts.next(), parts.next()) {
            (Some(Component::Normal(name)), None) => Ok(self.folder().join(name)),
            _ => Err(ToolError::retry("a note has a plain name, such as `trip.md`")),
        }
    }

    async fn names(&self) -> io::Result<Vec<String>> {
        sleep(self.pause).await;
        let mut entries = fs::read_dir(self.folder()).await?;
        let mut names = Vec::new();
        while let Some(entry) = entries.next_entry().await? {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }
}

/// List the names of all notes.
#[tool(read("note"))]
pub(crate) async fn list(notes: &Notes) -> io::Result<String> {
    Ok(notes.names().await?.join(", "))
}

/// Read a note.
#[tool(read(note = path))]
pub(crate) async fn read(notes: &Notes, path: PathBuf) -> Result<String, ToolError> {
    Ok(fs::read_to_string(notes.at(&path).await?).await?)
}

/// Find a text in all notes: one line for each place, with the name of the note.
#[tool(read("note"))]
pub(crate) async fn search(
    notes: &Notes,
    text: &str,
    call: ToolContext,
) -> Result<String, ToolError> {
    let names = notes.names().await?;
    let mut found = Vec::new();
    for (done, name) in names.iter().enumerate() {
        if call.is_cancelled() {
            found.push(format!("(stopped after {done} of {} notes)", names.len()));
            break;
        }
        call.progress(format!("{done} of {} notes", names.len()));
        let content = fs::read_to_string(notes.at(name.as_ref()).await?).await?;
        let lines = content.lines().filter(|line| line.contains(text));
        found.extend(lines.map(|line| format!("{name}: {line}")));
    }
    Ok(found.join("\n"))
}

/// Add a line to a note; where there is none, it begins with this line.
#[tool(write(note = path))]
pub(crate) async fn append(notes: &Notes, path: PathBuf, line: &str) -> Result<(), ToolError> {
    let path = notes.at(&path).await?;
    let before = match fs::read_to_string(&path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    Ok(fs::write(path, format!("{before}{line}\n")).await?)
}

/// Replace the first occurrence of a text in a note.
#[tool(write(note = path))]
pub(crate) async fn edit(
    notes: &Notes,
    path: PathBuf,
    old: &str,
    new: &str,
) -> Result<(), ToolError> {
    let path = notes.at(&path).await?;
    let text = fs::read_to_string(&path).await?;
    if !text.contains(old) {
        return Err(ToolError::new(format!("the note has no `{old}`")));
    }
    Ok(fs::write(path, text.replacen(old, new, 1)).await?)
}

/// Delete a note. The user is asked first.
#[tool(destructive, write(note = path))]
pub(crate) async fn delete(notes: &Notes, path: PathBuf) -> Result<(), ToolError> {
    Ok(fs::remove_file(notes.at(&path).await?).await?)
}
