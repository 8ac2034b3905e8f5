/// Add two numbers.
fn add(a: i64, b: i64) -> i64 {
    a + b
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct add {}
impl ::agent_core::__private::ToolInfo for add {
    type Args<'a> = (
        ::agent_core::__private::Arg<'a, i64>,
        (::agent_core::__private::Arg<'a, i64>, ()),
    );
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
        "add",
        "Add two numbers.",
    );
    fn args<'a>() -> Self::Args<'a> {
        (
            ::agent_core::__private::arg::<i64>("a", ""),
            (::agent_core::__private::arg::<i64>("b", ""), ()),
        )
    }
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for add {
    async fn call(
        cx: ::agent_core::__private::Cx<__S>,
    ) -> ::agent_core::__private::Returned {
        let (a0, (a1, ())) = cx.args::<Self>()?;
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
    type Args<'a> = ();
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "now",
            "What time it is.",
        )
        .read();
    fn args<'a>() -> Self::Args<'a> {}
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for now {
    async fn call(
        cx: ::agent_core::__private::Cx<__S>,
    ) -> ::agent_core::__private::Returned {
        let () = cx.args::<Self>()?;
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
    type Args<'a> = ();
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "forget",
            "Forget everything.",
        )
        .write();
    fn args<'a>() -> Self::Args<'a> {}
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for forget {
    async fn call(
        cx: ::agent_core::__private::Cx<__S>,
    ) -> ::agent_core::__private::Returned {
        let () = cx.args::<Self>()?;
        cx.admitted().await;
        ::agent_core::__private::returned!(forget())
    }
}
