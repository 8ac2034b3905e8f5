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
        .blocking();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for add {
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::Arg::slot(&Self::ARGS.0);
            let mut __a1 = ::agent_core::__private::Arg::slot(&Self::ARGS.1);
            ::agent_core::__private::Invocation::read::<
                Self,
            >(&__cx, &mut [&mut __a0, &mut __a1])?;
            ::agent_core::__private::Returned::new(add(__a0.take(), __a1.take()))
                .__agent_core_convert()
        })
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
    const ARGS: (::agent_core::__private::Arg<f64>,) = (
        ::agent_core::__private::arg::<f64>("number", ""),
    );
}
impl ::agent_core::__private::ToolInfo for scale {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "scale",
            "Multiply by what the configuration says.",
            &[&Self::ARGS.0],
        )
        .blocking();
}
impl<__S: ::agent_core::__private::Lend<Config>> ::agent_core::__private::Tool<__S>
for scale {
    const LENT: &'static [::agent_core::__private::Lent] = &[
        ::agent_core::__private::Lent::shared::<__S, Config>(),
    ];
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::Arg::slot(&Self::ARGS.0);
            ::agent_core::__private::Invocation::read::<Self>(&__cx, &mut [&mut __a0])?;
            let __s0 = ::agent_core::__private::Invocation::lend::<Config>(&__cx).await;
            ::agent_core::__private::Returned::new(scale(&*__s0, __a0.take()))
                .__agent_core_convert()
        })
    }
}
