/// Append a note.
#[tool]
pub async fn append(db: &Db, notes: &mut Notes, text: &str) -> Result<usize, DbError> {
    notes.push(db, text).await
}

/// Count the notes.
#[tool(pure)]
async fn count(notes: &Notes) -> usize {
    notes.len()
}

/// Where one type has a lifetime, and one has no size.
#[tool]
async fn borrow<'x>(name: &'x Cow<'x, str>, hook: &(dyn Hook + '_), words: &mut Vec<&str>) {}
