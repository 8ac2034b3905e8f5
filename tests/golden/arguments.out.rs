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
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::TextArg::slot(&Self::ARGS.0);
            let mut __a1 = ::agent_core::__private::Arg::slot(&Self::ARGS.1);
            let mut __a2 = ::agent_core::__private::Arg::slot(&Self::ARGS.2);
            let mut __a3 = ::agent_core::__private::Arg::slot(&Self::ARGS.3);
            let mut __a4 = ::agent_core::__private::Arg::slot(&Self::ARGS.4);
            let mut __a5 = ::agent_core::__private::Arg::slot(&Self::ARGS.5);
            let mut __a6 = ::agent_core::__private::Arg::slot(&Self::ARGS.6);
            let mut __a7 = ::agent_core::__private::Arg::slot(&Self::ARGS.7);
            ::agent_core::__private::Invocation::read::<
                Self,
            >(
                &__cx,
                &mut [
                    &mut __a0,
                    &mut __a1,
                    &mut __a2,
                    &mut __a3,
                    &mut __a4,
                    &mut __a5,
                    &mut __a6,
                    &mut __a7,
                ],
            )?;
            let __s0 = ::agent_core::__private::Invocation::lend::<Db>(&__cx).await;
            ::agent_core::__private::Returned::new(
                    search(
                            &*__s0,
                            &__a0.take(),
                            __a1.take(),
                            &__a2.take(),
                            __a3.take(),
                            __a4.take(),
                            __a5.take(),
                            __a6.take(),
                            __a7.take(),
                        )
                        .await,
                )
                .__agent_core_convert()
        })
    }
}
