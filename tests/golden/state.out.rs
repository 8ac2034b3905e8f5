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
        cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut a0 = Self::ARGS.0.slot();
            cx.read::<Self>(&mut [&mut a0])?;
            let s0 = cx.lend::<Db>().await;
            let mut s1 = cx.lend_mut::<Notes>().await;
            ::agent_core::__private::Returned::new(
                    append(&*s0, &mut *s1, &a0.take()).await,
                )
                .convert()
        })
    }
}
#[allow(dead_code)]
const _: () = {
    trait BorrowsEachStateOnce<T: ?Sized> {}
    struct Tool;
    impl BorrowsEachStateOnce<Db> for Tool {}
    impl BorrowsEachStateOnce<Notes> for Tool {}
};
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
        cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            cx.read::<Self>(&mut [])?;
            let s0 = cx.lend::<Notes>().await;
            ::agent_core::__private::Returned::new(count(&*s0).await).convert()
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
        cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            cx.read::<Self>(&mut [])?;
            let s0 = cx.lend::<Cow<'static, str>>().await;
            let s1 = cx.lend::<dyn Hook + 'static>().await;
            let mut s2 = cx.lend_mut::<Vec<&'static str>>().await;
            ::agent_core::__private::Returned::new(borrow(&*s0, &*s1, &mut *s2).await)
                .convert()
        })
    }
}
#[allow(dead_code)]
const _: () = {
    trait BorrowsEachStateOnce<T: ?Sized> {}
    struct Tool;
    impl BorrowsEachStateOnce<Cow<'static, str>> for Tool {}
    impl BorrowsEachStateOnce<dyn Hook + 'static> for Tool {}
    impl BorrowsEachStateOnce<Vec<&'static str>> for Tool {}
};
