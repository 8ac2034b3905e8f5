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
        )
        .pure();
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
        ::agent_core::__private::returned!(add(a0, a1))
    }
}
#[allow(clippy::needless_pass_by_value)]
/// Multiply by what the configuration says.
fn scale(config: &Config, number: f64) -> f64 {
    config.factor * number
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct scale {}
impl scale {
    const A0: ::agent_core::__private::Arg<f64> = ::agent_core::__private::arg::<
        f64,
    >("number", "");
}
impl ::agent_core::__private::ToolInfo for scale {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "scale",
            "Multiply by what the configuration says.",
            &[&Self::A0],
        )
        .pure();
}
impl<__S: ::agent_core::__private::Lend<Config>> ::agent_core::__private::Tool<__S>
for scale {
    const LENT: &'static [::agent_core::__private::Lent] = &[
        ::agent_core::__private::Lent::shared::<__S, Config>(),
    ];
    async fn call(
        cx: ::agent_core::__private::Cx<__S>,
    ) -> ::agent_core::__private::Returned {
        let (a0,) = {
            let (mut a0,) = (Self::A0.slot(),);
            cx.read(&[&Self::A0], &mut [&mut a0])?;
            (a0.take(),)
        };
        cx.admitted().await;
        let s0 = cx.lend::<Config>().await;
        ::agent_core::__private::returned!(scale(& * s0, a0))
    }
}
