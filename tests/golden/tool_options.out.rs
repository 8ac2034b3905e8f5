#[allow(clippy::needless_pass_by_value)]
/// For the reader of the code.
fn delete(id: u64) -> io::Result<()> {
    fs::remove_file(path(id))
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct delete {}
impl delete {
    const ARGS: (::agent_core::__private::Arg<u64>,) = (
        ::agent_core::__private::arg::<u64>("id", ""),
    );
}
impl ::agent_core::__private::ToolInfo for delete {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "delete-customer",
            "For the model.",
            &[&Self::ARGS.0],
        )
        .title("Delete a customer")
        .write()
        .timeout_ms(120000)
        .blocking();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for delete {
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::Arg::slot(&Self::ARGS.0);
            ::agent_core::__private::Invocation::read::<Self>(&__cx, &mut [&mut __a0])?;
            ::agent_core::__private::Invocation::admitted(&__cx).await;
            ::agent_core::__private::Returned::new(delete(__a0.take()))
                .__agent_core_convert()
        })
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
        .read()
        .timeout_ms(500);
}
impl<__S: sdk::core::__private::Lend<Db>> sdk::core::__private::Tool<__S> for ping {
    const LENT: &'static [sdk::core::__private::Lent] = &[
        sdk::core::__private::Lent::shared::<__S, Db>(),
    ];
    fn call(
        __cx: sdk::core::__private::Invocation<__S>,
    ) -> sdk::core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            sdk::core::__private::Invocation::read::<Self>(&__cx, &mut [])?;
            let __s0 = sdk::core::__private::Invocation::lend::<Db>(&__cx).await;
            sdk::core::__private::Returned::new(ping(&*__s0).await)
                .__agent_core_convert()
        })
    }
}
#[allow(clippy::needless_pass_by_value)]
/// Empty a folder.
async fn empty(#[allow(unused_variables)] folder: PathBuf) -> io::Result<()> {
    files::empty(folder).await
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct empty {}
impl empty {
    const ARGS: (::agent_core::__private::Arg<PathBuf>,) = (
        ::agent_core::__private::arg::<PathBuf>("folder", ""),
    );
    const RESOURCES: &'static [::agent_core::__private::Resource] = &[
        ::agent_core::__private::Resource::write_key("file", Self::key0),
    ];
    #[allow(unused_variables, clippy::all, clippy::pedantic)]
    fn key0<'__a>(folder: &'__a PathBuf) -> impl ::agent_core::__private::Key + '__a {
        folder
    }
}
impl ::agent_core::__private::ToolInfo for empty {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "empty",
            "Empty a folder.",
            &[&Self::ARGS.0],
        )
        .resources(Self::RESOURCES)
        .destructive()
        .solo()
        .max_concurrent(1);
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for empty {
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::Arg::slot(&Self::ARGS.0);
            ::agent_core::__private::Invocation::read::<Self>(&__cx, &mut [&mut __a0])?;
            let __a0 = __a0.take();
            ::agent_core::__private::Invocation::writes(
                &__cx,
                "file",
                &Self::key0(&__a0),
            );
            ::agent_core::__private::Invocation::admitted(&__cx).await;
            ::agent_core::__private::Returned::new(empty(__a0).await)
                .__agent_core_convert()
        })
    }
}
