/// Search the knowledge base.
#[tool(read)]
pub async fn search<'x>(
    db: &Db,
    /// Words to look for.
    query: &str,
    mut limit: u32,
    tags: &[Tag],
    lang: Option<Lang>,
    title: Cow<'x, str>,
    note: Cow<'_, str>,
    kind: Cow<'static, str>,
    ctx: ToolContext,
) -> Result<Vec<Hit>, DbError> {
    db.search(query, limit, tags, lang).await
}
