/// Append a note.
pub async fn append(db: &Db, notes: &mut Notes, text: &str) -> Result<usize, DbError> {
    notes.push(db, text).await
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
pub struct append {}
impl append {
    const ARGS: (::agent_core::__private::TextArg,) = (
        ::agent_core::__private::text("text", ""),
    );
}
impl ::agent_core::__private::ToolInfo for append {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
        "append",
        "Append a note.",
        &[&Self::ARGS.0],
    );
}
impl<
    __S: ::agent_core::__private::Lend<Db> + ::agent_core::__private::LendMut<Notes>,
> ::agent_core::__private::Tool<__S> for append {
    const LENT: &'static [::agent_core::__private::Lent] = &[
        ::agent_core::__private::Lent::shared::<__S, Db>(),
        ::agent_core::__private::Lent::exclusive::<__S, Notes>(),
    ];
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::TextArg::slot(&Self::ARGS.0);
            ::agent_core::__private::Invocation::read::<Self>(&__cx, &mut [&mut __a0])?;
            let __s0 = ::agent_core::__private::Invocation::lend::<Db>(&__cx).await;
            let mut __s1 = ::agent_core::__private::Invocation::lend_mut::<Notes>(&__cx)
                .await;
            ::agent_core::__private::Returned::new(
                    append(&*__s0, &mut *__s1, &__a0.take()).await,
                )
                .__agent_core_convert()
        })
    }
}
impl ::agent_core::__private::BorrowsEachStateOnce<Db> for append {}
impl ::agent_core::__private::BorrowsEachStateOnce<Notes> for append {}
/// Count the notes.
async fn count(notes: &Notes) -> usize {
    notes.len()
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct count {}
impl ::agent_core::__private::ToolInfo for count {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
        "count",
        "Count the notes.",
        &[],
    );
}
impl<__S: ::agent_core::__private::Lend<Notes>> ::agent_core::__private::Tool<__S>
for count {
    const LENT: &'static [::agent_core::__private::Lent] = &[
        ::agent_core::__private::Lent::shared::<__S, Notes>(),
    ];
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            ::agent_core::__private::Invocation::read::<Self>(&__cx, &mut [])?;
            let __s0 = ::agent_core::__private::Invocation::lend::<Notes>(&__cx).await;
            ::agent_core::__private::Returned::new(count(&*__s0).await)
                .__agent_core_convert()
        })
    }
}
/// Where one type has a lifetime, and one has no size.
async fn borrow<'x>(
    name: &'x Cow<'x, str>,
    hook: &(dyn Hook + '_),
    words: &mut Vec<&str>,
) {}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct borrow {}
impl ::agent_core::__private::ToolInfo for borrow {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
        "borrow",
        "Where one type has a lifetime, and one has no size.",
        &[],
    );
}
impl<
    __S: ::agent_core::__private::Lend<Cow<'static, str>>
        + ::agent_core::__private::Lend<dyn Hook + 'static>
        + ::agent_core::__private::LendMut<Vec<&'static str>>,
> ::agent_core::__private::Tool<__S> for borrow {
    const LENT: &'static [::agent_core::__private::Lent] = &[
        ::agent_core::__private::Lent::shared::<__S, Cow<'static, str>>(),
        ::agent_core::__private::Lent::shared::<__S, dyn Hook + 'static>(),
        ::agent_core::__private::Lent::exclusive::<__S, Vec<&'static str>>(),
    ];
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            ::agent_core::__private::Invocation::read::<Self>(&__cx, &mut [])?;
            let __s0 = ::agent_core::__private::Invocation::lend::<
                Cow<'static, str>,
            >(&__cx)
                .await;
            let __s1 = ::agent_core::__private::Invocation::lend::<
                dyn Hook + 'static,
            >(&__cx)
                .await;
            let mut __s2 = ::agent_core::__private::Invocation::lend_mut::<
                Vec<&'static str>,
            >(&__cx)
                .await;
            ::agent_core::__private::Returned::new(
                    borrow(&*__s0, &*__s1, &mut *__s2).await,
                )
                .__agent_core_convert()
        })
    }
}
impl ::agent_core::__private::BorrowsEachStateOnce<Cow<'static, str>> for borrow {}
impl ::agent_core::__private::BorrowsEachStateOnce<dyn Hook + 'static> for borrow {}
impl ::agent_core::__private::BorrowsEachStateOnce<Vec<&'static str>> for borrow {}
