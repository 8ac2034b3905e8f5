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
        cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut a0 = Self::ARGS.0.slot();
            let mut a1 = Self::ARGS.1.slot();
            cx.read::<Self>(&mut [&mut a0, &mut a1])?;
            let s0 = cx.lend::<S>().await;
            let mut s1 = cx.lend_mut::<Tool>().await;
            ::agent_core::__private::Returned::new(
                    a0(&*s0, &mut *s1, a0.take(), &a1.take()).await,
                )
                .convert()
        })
    }
}
#[allow(dead_code)]
const _: () = {
    trait BorrowsEachStateOnce<T: ?Sized> {}
    struct Tool;
    impl BorrowsEachStateOnce<S> for Tool {}
    impl BorrowsEachStateOnce<Tool> for Tool {}
};
