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
    ctx: ToolContext,
) -> Result<Vec<Hit>, DbError> {
    db.search(query, limit, tags, lang).await
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
pub struct search {}
impl search {
    const ARGS: (
        ::agent_core::__private::TextArg,
        ::agent_core::__private::Arg<u32>,
        ::agent_core::__private::Arg<::std::vec::Vec<Tag>>,
        ::agent_core::__private::Arg<Option<Lang>>,
        ::agent_core::__private::Arg<Cow<'static, str>>,
        ::agent_core::__private::Arg<Cow<'static, str>>,
        ::agent_core::__private::Arg<Cow<'static, str>>,
        ::agent_core::__private::Arg<ToolContext>,
    ) = (
        ::agent_core::__private::text("query", "Words to look for."),
        ::agent_core::__private::arg::<u32>("limit", ""),
        ::agent_core::__private::arg::<::std::vec::Vec<Tag>>("tags", ""),
        ::agent_core::__private::arg::<Option<Lang>>("lang", ""),
        ::agent_core::__private::arg::<Cow<'static, str>>("title", ""),
        ::agent_core::__private::arg::<Cow<'static, str>>("note", ""),
        ::agent_core::__private::arg::<Cow<'static, str>>("kind", ""),
        ::agent_core::__private::arg::<ToolContext>("ctx", ""),
    );
}
impl ::agent_core::__private::ToolInfo for search {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "search",
            "Search the knowledge base.",
            &[
                &Self::ARGS.0,
                &Self::ARGS.1,
                &Self::ARGS.2,
                &Self::ARGS.3,
                &Self::ARGS.4,
                &Self::ARGS.5,
                &Self::ARGS.6,
                &Self::ARGS.7,
            ],
        )
        .read();
}
impl<__S: ::agent_core::__private::Lend<Db>> ::agent_core::__private::Tool<__S>
for search {
    const LENT: &'static [::agent_core::__private::Lent] = &[
        ::agent_core::__private::Lent::shared::<__S, Db>(),
    ];
    fn call(
        cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut a0 = Self::ARGS.0.slot();
            let mut a1 = Self::ARGS.1.slot();
            let mut a2 = Self::ARGS.2.slot();
            let mut a3 = Self::ARGS.3.slot();
            let mut a4 = Self::ARGS.4.slot();
            let mut a5 = Self::ARGS.5.slot();
            let mut a6 = Self::ARGS.6.slot();
            let mut a7 = Self::ARGS.7.slot();
            cx.read::<
                    Self,
                >(
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
            let s0 = cx.lend::<Db>().await;
            ::agent_core::__private::Returned::new(
                    search(
                            &*s0,
                            &a0.take(),
                            a1.take(),
                            &a2.take(),
                            a3.take(),
                            a4.take(),
                            a5.take(),
                            a6.take(),
                            a7.take(),
                        )
                        .await,
                )
                .convert()
        })
    }
}
