#[allow(clippy::needless_pass_by_value)]
/// For the reader of the code.
fn delete(id: u64) -> io::Result<()> {
    fs::remove_file(path(id))
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct delete {}
impl delete {
    const A0: ::agent_core::__private::Arg<u64> = ::agent_core::__private::arg::<
        u64,
    >("id", "");
}
impl ::agent_core::__private::ToolInfo for delete {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "delete-customer",
            "For the model.",
            &[&Self::A0],
        )
        .title("Delete a customer")
        .write()
        .timeout_ms(120000)
        .blocking();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for delete {
    async fn call(
        cx: ::agent_core::__private::Cx<__S>,
    ) -> ::agent_core::__private::Returned {
        let (a0,) = {
            let (mut a0,) = (Self::A0.slot(),);
            cx.read(&[&Self::A0], &mut [&mut a0])?;
            (a0.take(),)
        };
        cx.admitted().await;
        ::agent_core::__private::returned!(delete(a0))
    }
}
/// Through a re-export.
async fn ping(db: &Db) -> bool {
    db.ping().await
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct ping {}
impl sdk::core::__private::ToolInfo for ping {
    const META: sdk::core::__private::Meta = sdk::core::__private::Meta::new(
            "ping",
            "Through a re-export.",
            &[],
        )
        .timeout_ms(500);
}
impl<__S: sdk::core::__private::Lend<Db>> sdk::core::__private::Tool<__S> for ping {
    const LENT: &'static [sdk::core::__private::Lent] = &[
        sdk::core::__private::Lent::shared::<__S, Db>(),
    ];
    async fn call(cx: sdk::core::__private::Cx<__S>) -> sdk::core::__private::Returned {
        cx.read(&[], &mut [])?;
        cx.admitted().await;
        let s0 = cx.lend::<Db>().await;
        sdk::core::__private::returned!(ping(& * s0). await)
    }
}
