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
            .or(|| ::core::convert::From::from("open")),
        ::agent_core::__private::arg::<::std::vec::Vec<String>>("tags", "")
            .or(|| ::core::convert::From::from(["a"])),
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
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::Arg::slot(&Self::ARGS.0);
            let mut __a1 = ::agent_core::__private::Arg::slot(&Self::ARGS.1);
            let mut __a2 = ::agent_core::__private::TextArg::slot(&Self::ARGS.2);
            let mut __a3 = ::agent_core::__private::Arg::slot(&Self::ARGS.3);
            let mut __a4 = ::agent_core::__private::Arg::slot(&Self::ARGS.4);
            ::agent_core::__private::Invocation::read::<
                Self,
            >(&__cx, &mut [&mut __a0, &mut __a1, &mut __a2, &mut __a3, &mut __a4])?;
            let __s0 = ::agent_core::__private::Invocation::lend::<Db>(&__cx).await;
            ::agent_core::__private::Returned::new(
                    orders(
                        &*__s0,
                        __a0.take(),
                        __a1.take(),
                        &__a2.take(),
                        &__a3.take(),
                        __a4.take(),
                    ),
                )
                .__agent_core_convert()
        })
    }
}
