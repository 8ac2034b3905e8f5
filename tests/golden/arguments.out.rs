#[allow(clippy::needless_pass_by_value)]
/// Search the knowledge base.
pub async fn search<'x>(
    db: &Db,
    query: &str,
    mut limit: u32,
    tags: &[Tag],
    lang: Option<Lang>,
    title: Cow<'x, str>,
    note: Cow<'_, str>,
    kind: Cow<'static, str>,
    ctx: Ctx,
) -> Result<Vec<Hit>, DbError> {
    db.search(query, limit, tags, lang).await
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
pub struct search {}
impl search {
    fn args<'a>() -> (
        ::agent_core::__private::Arg<'a, ::agent_core::__private::Text<'a>>,
        (
            ::agent_core::__private::Arg<'a, u32>,
            (
                ::agent_core::__private::Arg<'a, ::std::vec::Vec<Tag>>,
                (
                    ::agent_core::__private::Arg<'a, Option<Lang>>,
                    (
                        ::agent_core::__private::Arg<'a, Cow<'a, str>>,
                        (
                            ::agent_core::__private::Arg<'a, Cow<'a, str>>,
                            (
                                ::agent_core::__private::Arg<'a, Cow<'static, str>>,
                                (::agent_core::__private::Arg<'a, Ctx>, ()),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    ) {
        (
            ::agent_core::__private::arg::<
                ::agent_core::__private::Text<'a>,
            >("query", "Words to look for."),
            (
                ::agent_core::__private::arg::<u32>("limit", ""),
                (
                    ::agent_core::__private::arg::<::std::vec::Vec<Tag>>("tags", ""),
                    (
                        ::agent_core::__private::arg::<Option<Lang>>("lang", ""),
                        (
                            ::agent_core::__private::arg::<Cow<'a, str>>("title", ""),
                            (
                                ::agent_core::__private::arg::<Cow<'a, str>>("note", ""),
                                (
                                    ::agent_core::__private::arg::<
                                        Cow<'static, str>,
                                    >("kind", ""),
                                    (::agent_core::__private::arg::<Ctx>("ctx", ""), ()),
                                ),
                            ),
                        ),
                    ),
                ),
            ),
        )
    }
}
impl ::agent_core::__private::ToolInfo for search {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "search",
            "Search the knowledge base.",
            || ::agent_core::__private::describe(&Self::args()),
        )
        .read();
}
impl<__S: ::agent_core::__private::Lend<Db>> ::agent_core::__private::Tool<__S>
for search {
    const LENT: &'static [::agent_core::__private::Lent] = &[
        ::agent_core::__private::Lent::shared::<__S, Db>(),
    ];
    async fn call(
        cx: ::agent_core::__private::Cx<__S>,
    ) -> ::agent_core::__private::Returned {
        let (a0, (a1, (a2, (a3, (a4, (a5, (a6, (a7, ())))))))) = cx.args(Self::args)?;
        cx.admitted().await;
        let s0 = cx.lend::<Db>().await;
        ::agent_core::__private::returned!(
            search(& * s0, & a0, a1, & a2, a3, a4, a5, a6, a7). await
        )
    }
}
