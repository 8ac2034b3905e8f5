#[allow(clippy::needless_pass_by_value)]
/// List the orders.
fn orders(
    db: &Db,
    limit: u32,
    kind: Kind,
    status: &str,
    tags: &[String],
    #[allow(unused)]
    sort: Sort,
) -> Vec<Order> {
    db.orders()
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct orders {}
impl orders {
    fn args<'a>() -> (
        ::agent_core::__private::Arg<'a, u32>,
        (
            ::agent_core::__private::Arg<'a, Kind>,
            (
                ::agent_core::__private::Arg<'a, ::agent_core::__private::Text<'a>>,
                (
                    ::agent_core::__private::Arg<'a, ::std::vec::Vec<String>>,
                    (::agent_core::__private::Arg<'a, Sort>, ()),
                ),
            ),
        ),
    ) {
        (
            ::agent_core::__private::arg::<u32>("limit", "How many.\n\nAt most 100.")
                .or(|| 10),
            (
                ::agent_core::__private::arg::<Kind>("type", "Kind of order.")
                    .or(|| ::core::default::Default::default()),
                (
                    ::agent_core::__private::arg::<
                        ::agent_core::__private::Text<'a>,
                    >("status", "")
                        .or(|| ::agent_core::__private::Text::from("open")),
                    (
                        ::agent_core::__private::arg::<
                            ::std::vec::Vec<String>,
                        >("tags", "")
                            .or(|| ::std::vec::Vec::from(["a"])),
                        (
                            ::agent_core::__private::arg::<Sort>("sortBy", "")
                                .or(|| ::core::default::Default::default()),
                            (),
                        ),
                    ),
                ),
            ),
        )
    }
}
impl ::agent_core::__private::ToolInfo for orders {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
        "orders",
        "List the orders.",
        || ::agent_core::__private::describe(&Self::args()),
    );
}
impl<__S: ::agent_core::__private::Lend<Db>> ::agent_core::__private::Tool<__S>
for orders {
    const LENT: &'static [::agent_core::__private::Lent] = &[
        ::agent_core::__private::Lent::shared::<__S, Db>(),
    ];
    async fn call(
        cx: ::agent_core::__private::Cx<__S>,
    ) -> ::agent_core::__private::Returned {
        let (a0, (a1, (a2, (a3, (a4, ()))))) = cx.args(Self::args)?;
        cx.admitted().await;
        let s0 = cx.lend::<Db>().await;
        ::agent_core::__private::returned!(orders(& * s0, a0, a1, & a2, & a3, a4))
    }
}
