#[allow(clippy::needless_pass_by_value)]
/// Add two numbers.
fn add(a: i64, b: i64) -> i64 {
    a + b
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct add {}
impl add {
    const A0: ::agent_core::__private::Arg<i64> = ::agent_core::__private::arg::<
        i64,
    >("a", "");
    const A1: ::agent_core::__private::Arg<i64> = ::agent_core::__private::arg::<
        i64,
    >("b", "");
}
impl ::agent_core::__private::ToolInfo for add {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
        "add",
        "Add two numbers.",
        &[&Self::A0, &Self::A1],
    );
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for add {
    async fn call(
        cx: ::agent_core::__private::Cx<__S>,
    ) -> ::agent_core::__private::Returned {
        let (a0, a1) = {
            let (mut a0, mut a1) = (Self::A0.slot(), Self::A1.slot());
            cx.read(&[&Self::A0, &Self::A1], &mut [&mut a0, &mut a1])?;
            (a0.take(), a1.take())
        };
        cx.admitted().await;
        ::agent_core::__private::returned!(add(a0, a1))
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
        .read();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for now {
    async fn call(
        cx: ::agent_core::__private::Cx<__S>,
    ) -> ::agent_core::__private::Returned {
        cx.read(&[], &mut [])?;
        cx.admitted().await;
        ::agent_core::__private::returned!(now())
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
        .write();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for forget {
    async fn call(
        cx: ::agent_core::__private::Cx<__S>,
    ) -> ::agent_core::__private::Returned {
        cx.read(&[], &mut [])?;
        cx.admitted().await;
        ::agent_core::__private::returned!(forget())
    }
}
