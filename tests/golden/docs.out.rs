#[allow(clippy::needless_pass_by_value)]
/// Read a file.
///
///     an example
///
/// Paths are relative.
///
#[doc(alias = "cat")]
fn read(path: PathBuf) -> io::Result<String> {
    fs::read_to_string(path)
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct read {}
impl read {
    const ARGS: (::agent_core::__private::Arg<PathBuf>,) = (
        ::agent_core::__private::arg::<PathBuf>("path", include_str!("path.md")),
    );
}
impl ::agent_core::__private::ToolInfo for read {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "read",
            "Read a file.\n\n    an example\n\nPaths are relative.",
            &[&Self::ARGS.0],
        )
        .read()
        .blocking();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for read {
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::Arg::slot(&Self::ARGS.0);
            ::agent_core::__private::Invocation::read::<Self>(&__cx, &mut [&mut __a0])?;
            ::agent_core::__private::Invocation::admitted(&__cx).await;
            ::agent_core::__private::Returned::new(read(__a0.take()))
                .__agent_core_convert()
        })
    }
}
#[allow(clippy::needless_pass_by_value)]
/// Before.
#[doc = include_str!("write.md")]
/// After.
fn write(path: PathBuf) {}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct write {}
impl write {
    const ARGS: (::agent_core::__private::Arg<PathBuf>,) = (
        ::agent_core::__private::arg::<PathBuf>("path", "A block\nof two lines."),
    );
}
impl ::agent_core::__private::ToolInfo for write {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "write",
            ::core::concat!("Before.\n", include_str!("write.md"), "\nAfter."),
            &[&Self::ARGS.0],
        )
        .write()
        .blocking();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for write {
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::Arg::slot(&Self::ARGS.0);
            ::agent_core::__private::Invocation::read::<Self>(&__cx, &mut [&mut __a0])?;
            ::agent_core::__private::Invocation::admitted(&__cx).await;
            ::agent_core::__private::Returned::new(write(__a0.take()))
                .__agent_core_convert()
        })
    }
}
