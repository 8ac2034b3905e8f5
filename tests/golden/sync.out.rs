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
        .read()
        .blocking();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for now {
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            ::agent_core::__private::Invocation::read::<Self>(&__cx, &mut [])?;
            ::agent_core::__private::Invocation::admitted(&__cx).await;
            ::agent_core::__private::Returned::new(now()).__agent_core_convert()
        })
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
        .write()
        .blocking();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for forget {
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            ::agent_core::__private::Invocation::read::<Self>(&__cx, &mut [])?;
            ::agent_core::__private::Invocation::admitted(&__cx).await;
            ::agent_core::__private::Returned::new(forget()).__agent_core_convert()
        })
    }
}
#[allow(clippy::needless_pass_by_value)]
/// Compare two numbers, in place.
fn larger(a: i64, b: i64) -> bool {
    a > b
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct larger {}
impl larger {
    const ARGS: (::agent_core::__private::Arg<i64>, ::agent_core::__private::Arg<i64>) = (
        ::agent_core::__private::arg::<i64>("a", ""),
        ::agent_core::__private::arg::<i64>("b", ""),
    );
}
impl ::agent_core::__private::ToolInfo for larger {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "larger",
            "Compare two numbers, in place.",
            &[&Self::ARGS.0, &Self::ARGS.1],
        )
        .inline();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for larger {
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::Arg::slot(&Self::ARGS.0);
            let mut __a1 = ::agent_core::__private::Arg::slot(&Self::ARGS.1);
            ::agent_core::__private::Invocation::read::<
                Self,
            >(&__cx, &mut [&mut __a0, &mut __a1])?;
            ::agent_core::__private::Returned::new(larger(__a0.take(), __a1.take()))
                .__agent_core_convert()
        })
    }
}
#[allow(clippy::needless_pass_by_value)]
/// Hash a file, in a body that waits for nothing but the disk.
async fn hash(#[allow(unused_variables)] path: PathBuf) -> u64 {
    digest(path)
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct hash {}
impl hash {
    const ARGS: (::agent_core::__private::Arg<PathBuf>,) = (
        ::agent_core::__private::arg::<PathBuf>("path", ""),
    );
    const RESOURCES: &'static [::agent_core::__private::Resource] = &[
        ::agent_core::__private::Resource::read_key("file", Self::key0),
    ];
    #[allow(unused_variables, clippy::all, clippy::pedantic)]
    fn key0<'__a>(path: &'__a PathBuf) -> impl ::agent_core::__private::Key + '__a {
        path
    }
}
impl ::agent_core::__private::ToolInfo for hash {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "hash",
            "Hash a file, in a body that waits for nothing but the disk.",
            &[&Self::ARGS.0],
        )
        .resources(Self::RESOURCES)
        .timeout_ms(5000)
        .blocking();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for hash {
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::Arg::slot(&Self::ARGS.0);
            ::agent_core::__private::Invocation::read::<Self>(&__cx, &mut [&mut __a0])?;
            let __a0 = __a0.take();
            ::agent_core::__private::Invocation::reads(
                &__cx,
                "file",
                &Self::key0(&__a0),
            );
            ::agent_core::__private::Invocation::admitted(&__cx).await;
            ::agent_core::__private::Returned::new(hash(__a0).await)
                .__agent_core_convert()
        })
    }
}
