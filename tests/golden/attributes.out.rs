#[allow(clippy::needless_pass_by_value)]
/// Type a text.
#[cfg(feature = "keyboard")]
#[cfg_attr(windows, cfg(feature = "win"), tracing::instrument)]
#[cfg_attr(test, must_use)]
#[deprecated]
#[inline]
pub fn r#type(r#in: &mut Keyboard, out: &Screen, r#as: String) {
    r#in.press(out, r#as);
}
#[cfg(feature = "keyboard")]
#[cfg_attr(windows, cfg(feature = "win"))]
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
pub struct r#type {}
#[cfg(feature = "keyboard")]
#[cfg_attr(windows, cfg(feature = "win"))]
#[allow(deprecated)]
impl r#type {
    const ARGS: (::agent_core::__private::Arg<String>,) = (
        ::agent_core::__private::arg::<String>("as", ""),
    );
}
#[cfg(feature = "keyboard")]
#[cfg_attr(windows, cfg(feature = "win"))]
#[allow(deprecated)]
impl ::agent_core::__private::ToolInfo for r#type {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "type",
            "Type a text.",
            &[&Self::ARGS.0],
        )
        .blocking();
}
#[cfg(feature = "keyboard")]
#[cfg_attr(windows, cfg(feature = "win"))]
#[allow(deprecated)]
impl<
    __S: ::agent_core::__private::LendMut<Keyboard>
        + ::agent_core::__private::Lend<Screen>,
> ::agent_core::__private::Tool<__S> for r#type {
    const LENT: &'static [::agent_core::__private::Lent] = &[
        ::agent_core::__private::Lent::exclusive::<__S, Keyboard>(),
        ::agent_core::__private::Lent::shared::<__S, Screen>(),
    ];
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::Arg::slot(&Self::ARGS.0);
            ::agent_core::__private::Invocation::read::<Self>(&__cx, &mut [&mut __a0])?;
            let mut __s0 = ::agent_core::__private::Invocation::lend_mut::<
                Keyboard,
            >(&__cx)
                .await;
            let __s1 = ::agent_core::__private::Invocation::lend::<Screen>(&__cx).await;
            ::agent_core::__private::Returned::new(
                    r#type(&mut *__s0, &*__s1, __a0.take()),
                )
                .__agent_core_convert()
        })
    }
}
#[cfg(feature = "keyboard")]
#[cfg_attr(windows, cfg(feature = "win"))]
impl ::agent_core::__private::BorrowsEachStateOnce<Keyboard> for r#type {}
#[cfg(feature = "keyboard")]
#[cfg_attr(windows, cfg(feature = "win"))]
impl ::agent_core::__private::BorrowsEachStateOnce<Screen> for r#type {}
