#[allow(clippy::needless_pass_by_value)]
/// All names of the expansion are free.
async fn a0(cx: &S, s0: &mut Tool, a0: u8, a1: &str) {}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct a0 {}
impl a0 {
    const ARGS: (::agent_core::__private::Arg<u8>, ::agent_core::__private::TextArg) = (
        ::agent_core::__private::arg::<u8>("a0", ""),
        ::agent_core::__private::text("a1", ""),
    );
}
impl ::agent_core::__private::ToolInfo for a0 {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
        "a0",
        "All names of the expansion are free.",
        &[&Self::ARGS.0, &Self::ARGS.1],
    );
}
impl<
    __S: ::agent_core::__private::Lend<S> + ::agent_core::__private::LendMut<Tool>,
> ::agent_core::__private::Tool<__S> for a0 {
    const LENT: &'static [::agent_core::__private::Lent] = &[
        ::agent_core::__private::Lent::shared::<__S, S>(),
        ::agent_core::__private::Lent::exclusive::<__S, Tool>(),
    ];
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::Arg::slot(&Self::ARGS.0);
            let mut __a1 = ::agent_core::__private::TextArg::slot(&Self::ARGS.1);
            ::agent_core::__private::Invocation::read::<
                Self,
            >(&__cx, &mut [&mut __a0, &mut __a1])?;
            let __s0 = ::agent_core::__private::Invocation::lend::<S>(&__cx).await;
            let mut __s1 = ::agent_core::__private::Invocation::lend_mut::<Tool>(&__cx)
                .await;
            ::agent_core::__private::Returned::new(
                    a0(&*__s0, &mut *__s1, __a0.take(), &__a1.take()).await,
                )
                .__agent_core_convert()
        })
    }
}
impl ::agent_core::__private::BorrowsEachStateOnce<S> for a0 {}
impl ::agent_core::__private::BorrowsEachStateOnce<Tool> for a0 {}
#[allow(clippy::needless_pass_by_value)]
/// A type parameter of ours that is the tool, and a type of its signature.
fn __S(a: &mut __S_, b: u8) {}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct __S {}
impl __S {
    const ARGS: (::agent_core::__private::Arg<u8>,) = (
        ::agent_core::__private::arg::<u8>("b", ""),
    );
}
impl ::agent_core::__private::ToolInfo for __S {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "__S",
            "A type parameter of ours that is the tool, and a type of its signature.",
            &[&Self::ARGS.0],
        )
        .blocking();
}
impl<__S__: ::agent_core::__private::LendMut<__S_>> ::agent_core::__private::Tool<__S__>
for __S {
    const LENT: &'static [::agent_core::__private::Lent] = &[
        ::agent_core::__private::Lent::exclusive::<__S__, __S_>(),
    ];
    fn call(
        __cx: ::agent_core::__private::Invocation<__S__>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::Arg::slot(&Self::ARGS.0);
            ::agent_core::__private::Invocation::read::<Self>(&__cx, &mut [&mut __a0])?;
            let mut __s0 = ::agent_core::__private::Invocation::lend_mut::<__S_>(&__cx)
                .await;
            ::agent_core::__private::Returned::new(__S(&mut *__s0, __a0.take()))
                .__agent_core_convert()
        })
    }
}
