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
    const ARGS: (
        ::agent_core::__private::Arg<u32>,
        ::agent_core::__private::Arg<Kind>,
        ::agent_core::__private::TextArg,
        ::agent_core::__private::Arg<::std::vec::Vec<String>>,
        ::agent_core::__private::Arg<Sort>,
    ) = (
        ::agent_core::__private::arg::<u32>("limit", "How many.\n\nAt most 100.")
            .or(|| 10),
        ::agent_core::__private::arg::<Kind>("type", "Kind of order.")
            .or(|| ::core::default::Default::default()),
        ::agent_core::__private::text("status", "")
            .or(|| ::agent_core::__private::Text::from("open")),
        ::agent_core::__private::arg::<::std::vec::Vec<String>>("tags", "")
            .or(|| ::std::vec::Vec::from(["a"])),
        ::agent_core::__private::arg::<Sort>("sortBy", "")
            .or(|| ::core::default::Default::default()),
    );
}
impl ::agent_core::__private::ToolInfo for orders {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "orders",
            "List the orders.",
            &[&Self::ARGS.0, &Self::ARGS.1, &Self::ARGS.2, &Self::ARGS.3, &Self::ARGS.4],
        )
        .read()
        .blocking();
}
impl<__S: ::agent_core::__private::Lend<Db>> ::agent_core::__private::Tool<__S>
for orders {
    const LENT: &'static [::agent_core::__private::Lent] = &[
        ::agent_core::__private::Lent::shared::<__S, Db>(),
    ];
    fn call(
        cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut a0 = Self::ARGS.0.slot();
            let mut a1 = Self::ARGS.1.slot();
            let mut a2 = Self::ARGS.2.slot();
            let mut a3 = Self::ARGS.3.slot();
            let mut a4 = Self::ARGS.4.slot();
            cx.read::<Self>(&mut [&mut a0, &mut a1, &mut a2, &mut a3, &mut a4])?;
            let s0 = cx.lend::<Db>().await;
            ::agent_core::__private::Returned::new(
                    orders(&*s0, a0.take(), a1.take(), &a2.take(), &a3.take(), a4.take()),
                )
                .convert()
        })
    }
}
