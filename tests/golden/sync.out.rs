#[allow(clippy::needless_pass_by_value)]
/// Add two numbers.
fn add(a: i64, b: i64) -> i64 {
    a + b
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct add {}
impl add {
    const ARGS: (::agent_core::__private::Arg<i64>, ::agent_core::__private::Arg<i64>) = (
        ::agent_core::__private::arg::<i64>("a", ""),
        ::agent_core::__private::arg::<i64>("b", ""),
    );
}
impl ::agent_core::__private::ToolInfo for add {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "add",
            "Add two numbers.",
            &[&Self::ARGS.0, &Self::ARGS.1],
        )
        .sync();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for add {
    fn call(
        cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut a0 = Self::ARGS.0.slot();
            let mut a1 = Self::ARGS.1.slot();
            cx.read::<Self>(&mut [&mut a0, &mut a1])?;
            cx.admitted().await;
            ::agent_core::__private::Returned::new(add(a0.take(), a1.take())).convert()
        })
    }
}
/// What time it is.
pub(crate) fn now() -> String {
    clock()
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
pub(crate) struct now {}
impl ::agent_core::__private::ToolInfo for now {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "now",
            "What time it is.",
            &[],
        )
        .read()
        .sync();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for now {
    fn call(
        cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            cx.read::<Self>(&mut [])?;
            cx.admitted().await;
            ::agent_core::__private::Returned::new(now()).convert()
        })
    }
}
/// Forget everything.
fn forget() {}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct forget {}
impl ::agent_core::__private::ToolInfo for forget {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "forget",
            "Forget everything.",
            &[],
        )
        .write()
        .sync();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for forget {
    fn call(
        cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            cx.read::<Self>(&mut [])?;
            cx.admitted().await;
            ::agent_core::__private::Returned::new(forget()).convert()
        })
    }
}
