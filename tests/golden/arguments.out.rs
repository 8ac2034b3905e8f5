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
    const A0: ::agent_core::__private::TextArg = ::agent_core::__private::text(
        "query",
        "Words to look for.",
    );
    const A1: ::agent_core::__private::Arg<u32> = ::agent_core::__private::arg::<
        u32,
    >("limit", "");
    const A2: ::agent_core::__private::Arg<::std::vec::Vec<Tag>> = ::agent_core::__private::arg::<
        ::std::vec::Vec<Tag>,
    >("tags", "");
    const A3: ::agent_core::__private::Arg<Option<Lang>> = ::agent_core::__private::arg::<
        Option<Lang>,
    >("lang", "");
    const A4: ::agent_core::__private::Arg<Cow<'static, str>> = ::agent_core::__private::arg::<
        Cow<'static, str>,
    >("title", "");
    const A5: ::agent_core::__private::Arg<Cow<'static, str>> = ::agent_core::__private::arg::<
        Cow<'static, str>,
    >("note", "");
    const A6: ::agent_core::__private::Arg<Cow<'static, str>> = ::agent_core::__private::arg::<
        Cow<'static, str>,
    >("kind", "");
    const A7: ::agent_core::__private::Arg<Ctx> = ::agent_core::__private::arg::<
        Ctx,
    >("ctx", "");
}
impl ::agent_core::__private::ToolInfo for search {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "search",
            "Search the knowledge base.",
            &[
                &Self::A0,
                &Self::A1,
                &Self::A2,
                &Self::A3,
                &Self::A4,
                &Self::A5,
                &Self::A6,
                &Self::A7,
            ],
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
        let (a0, a1, a2, a3, a4, a5, a6, a7) = {
            let (mut a0, mut a1, mut a2, mut a3, mut a4, mut a5, mut a6, mut a7) = (
                Self::A0.slot(),
                Self::A1.slot(),
                Self::A2.slot(),
                Self::A3.slot(),
                Self::A4.slot(),
                Self::A5.slot(),
                Self::A6.slot(),
                Self::A7.slot(),
            );
            cx.read(
                &[
                    &Self::A0,
                    &Self::A1,
                    &Self::A2,
                    &Self::A3,
                    &Self::A4,
                    &Self::A5,
                    &Self::A6,
                    &Self::A7,
                ],
                &mut [
                    &mut a0,
                    &mut a1,
                    &mut a2,
                    &mut a3,
                    &mut a4,
                    &mut a5,
                    &mut a6,
                    &mut a7,
                ],
            )?;
            (
                a0.take(),
                a1.take(),
                a2.take(),
                a3.take(),
                a4.take(),
                a5.take(),
                a6.take(),
                a7.take(),
            )
        };
        cx.admitted().await;
        let s0 = cx.lend::<Db>().await;
        ::agent_core::__private::returned!(
            search(& * s0, & a0, a1, & a2, a3, a4, a5, a6, a7). await
        )
    }
}
