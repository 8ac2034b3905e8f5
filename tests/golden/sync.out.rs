#[allow(clippy::needless_pass_by_value)]
/// Add two numbers.
fn add(a: i64, b: i64) -> i64 {
    a + b
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct add {}
impl add {
    fn args<'a>() -> (
        ::agent_core::__private::Arg<'a, i64>,
        (::agent_core::__private::Arg<'a, i64>, ()),
    ) {
        (
            ::agent_core::__private::arg::<i64>("a", ""),
            (::agent_core::__private::arg::<i64>("b", ""), ()),
        )
    }
}
impl ::agent_core::__private::ToolInfo for add {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
        "add",
        "Add two numbers.",
        || ::agent_core::__private::describe(&Self::args()),
    );
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for add {
    async fn call(
        cx: ::agent_core::__private::Cx<__S>,
    ) -> ::agent_core::__private::Returned {
        let (a0, (a1, ())) = cx.args(Self::args)?;
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
impl now {
    fn args<'a>() {}
}
impl ::agent_core::__private::ToolInfo for now {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "now",
            "What time it is.",
            || ::agent_core::__private::describe(&Self::args()),
        )
        .read();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for now {
    async fn call(
        cx: ::agent_core::__private::Cx<__S>,
    ) -> ::agent_core::__private::Returned {
        let () = cx.args(Self::args)?;
        cx.admitted().await;
        ::agent_core::__private::returned!(now())
    }
}
/// Forget everything.
fn forget() {}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct forget {}
impl forget {
    fn args<'a>() {}
}
impl ::agent_core::__private::ToolInfo for forget {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "forget",
            "Forget everything.",
            || ::agent_core::__private::describe(&Self::args()),
        )
        .write();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for forget {
    async fn call(
        cx: ::agent_core::__private::Cx<__S>,
    ) -> ::agent_core::__private::Returned {
        let () = cx.args(Self::args)?;
        cx.admitted().await;
        ::agent_core::__private::returned!(forget())
    }
}
