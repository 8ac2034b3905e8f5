#[allow(clippy::needless_pass_by_value)]
/// Read a text file.
fn read(#[allow(unused_variables)] path: PathBuf) -> io::Result<String> {
    fs::read_to_string(path)
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct read {}
impl read {
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
impl ::agent_core::__private::ToolInfo for read {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "read",
            "Read a text file.",
            &[&Self::ARGS.0],
        )
        .resources(Self::RESOURCES)
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
            let __a0 = __a0.take();
            ::agent_core::__private::Invocation::reads(
                &__cx,
                "file",
                &Self::key0(&__a0),
            );
            ::agent_core::__private::Invocation::admitted(&__cx).await;
            ::agent_core::__private::Returned::new(read(__a0)).__agent_core_convert()
        })
    }
}
#[allow(clippy::needless_pass_by_value)]
/// Replace a text in some files.
async fn replace(
    #[allow(unused_variables)]
    ctx: ToolContext,
    log: &Log,
    #[allow(unused_variables)]
    paths: &[PathBuf],
    old: &str,
    mut new: Cow<'_, str>,
) {
    log.replaced(paths, old, &mut new).await
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct replace {}
impl replace {
    const ARGS: (
        ::agent_core::__private::Arg<ToolContext>,
        ::agent_core::__private::Arg<::std::vec::Vec<PathBuf>>,
        ::agent_core::__private::TextArg,
        ::agent_core::__private::Arg<Cow<'static, str>>,
    ) = (
        ::agent_core::__private::arg::<ToolContext>("ctx", ""),
        ::agent_core::__private::arg::<::std::vec::Vec<PathBuf>>("paths", ""),
        ::agent_core::__private::text("old", ""),
        ::agent_core::__private::arg::<Cow<'static, str>>("new", ""),
    );
    const RESOURCES: &'static [::agent_core::__private::Resource] = &[
        ::agent_core::__private::Resource::write_key("file", Self::key0),
        ::agent_core::__private::Resource::write_key("log", Self::key1),
        ::agent_core::__private::Resource::read("users"),
    ];
    #[allow(unused_variables, clippy::all, clippy::pedantic)]
    fn key0<'__a>(paths: &'__a [PathBuf]) -> impl ::agent_core::__private::Key + '__a {
        paths
    }
    #[allow(unused_variables, clippy::all, clippy::pedantic)]
    fn key1<'__a>(
        (
            ctx,
            paths,
            old,
            new,
        ): (&'__a ToolContext, &'__a [PathBuf], &'__a str, &'__a Cow<'static, str>),
    ) -> impl ::agent_core::__private::Key + '__a {
        ctx.id()
    }
}
impl ::agent_core::__private::ToolInfo for replace {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "replace",
            "Replace a text in some files.",
            &[&Self::ARGS.0, &Self::ARGS.1, &Self::ARGS.2, &Self::ARGS.3],
        )
        .resources(Self::RESOURCES);
}
impl<__S: ::agent_core::__private::Lend<Log>> ::agent_core::__private::Tool<__S>
for replace {
    const LENT: &'static [::agent_core::__private::Lent] = &[
        ::agent_core::__private::Lent::shared::<__S, Log>(),
    ];
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::Arg::slot(&Self::ARGS.0);
            let mut __a1 = ::agent_core::__private::Arg::slot(&Self::ARGS.1);
            let mut __a2 = ::agent_core::__private::TextArg::slot(&Self::ARGS.2);
            let mut __a3 = ::agent_core::__private::Arg::slot(&Self::ARGS.3);
            ::agent_core::__private::Invocation::read::<
                Self,
            >(&__cx, &mut [&mut __a0, &mut __a1, &mut __a2, &mut __a3])?;
            let __a0 = __a0.take();
            let __a1 = __a1.take();
            let __a2 = __a2.take();
            let __a3 = __a3.take();
            ::agent_core::__private::Invocation::writes(
                &__cx,
                "file",
                &Self::key0(&*__a1),
            );
            ::agent_core::__private::Invocation::writes(
                &__cx,
                "log",
                &Self::key1((&__a0, &*__a1, &*__a2, &__a3)),
            );
            let __s0 = ::agent_core::__private::Invocation::lend::<Log>(&__cx).await;
            ::agent_core::__private::Returned::new(
                    replace(__a0, &*__s0, &__a1, &__a2, __a3).await,
                )
                .__agent_core_convert()
        })
    }
}
#[allow(clippy::needless_pass_by_value)]
/// Move money from one account to another.
fn transfer(
    #[allow(unused_variables)]
    from: Account,
    #[allow(unused_variables)]
    to: &str,
    cents: u64,
) -> Result<u64, BankError> {
    bank::transfer(from.0, to, cents)
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct transfer {}
impl transfer {
    const ARGS: (
        ::agent_core::__private::Arg<Account>,
        ::agent_core::__private::TextArg,
        ::agent_core::__private::Arg<u64>,
    ) = (
        ::agent_core::__private::arg::<Account>("from", ""),
        ::agent_core::__private::text("to", ""),
        ::agent_core::__private::arg::<u64>("cents", "").or(|| 1),
    );
    const RESOURCES: &'static [::agent_core::__private::Resource] = &[
        ::agent_core::__private::Resource::write_key("account", Self::key0),
        ::agent_core::__private::Resource::write_key("account", Self::key1),
    ];
    #[allow(unused_variables, clippy::all, clippy::pedantic)]
    fn key0<'__a>(
        (from, to, cents): (&'__a Account, &'__a str, &'__a u64),
    ) -> impl ::agent_core::__private::Key + '__a {
        &from.0
    }
    #[allow(unused_variables, clippy::all, clippy::pedantic)]
    fn key1<'__a>(to: &'__a str) -> impl ::agent_core::__private::Key + '__a {
        to
    }
}
impl ::agent_core::__private::ToolInfo for transfer {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "transfer",
            "Move money from one account to another.",
            &[&Self::ARGS.0, &Self::ARGS.1, &Self::ARGS.2],
        )
        .resources(Self::RESOURCES)
        .read()
        .blocking();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for transfer {
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            let mut __a0 = ::agent_core::__private::Arg::slot(&Self::ARGS.0);
            let mut __a1 = ::agent_core::__private::TextArg::slot(&Self::ARGS.1);
            let mut __a2 = ::agent_core::__private::Arg::slot(&Self::ARGS.2);
            ::agent_core::__private::Invocation::read::<
                Self,
            >(&__cx, &mut [&mut __a0, &mut __a1, &mut __a2])?;
            let __a0 = __a0.take();
            let __a1 = __a1.take();
            let __a2 = __a2.take();
            ::agent_core::__private::Invocation::writes(
                &__cx,
                "account",
                &Self::key0((&__a0, &*__a1, &__a2)),
            );
            ::agent_core::__private::Invocation::writes(
                &__cx,
                "account",
                &Self::key1(&*__a1),
            );
            ::agent_core::__private::Invocation::admitted(&__cx).await;
            ::agent_core::__private::Returned::new(transfer(__a0, &__a1, __a2))
                .__agent_core_convert()
        })
    }
}
/// Empty the outbox.
fn send_all() -> usize {
    outbox::send_all()
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct send_all {}
impl send_all {
    const RESOURCES: &'static [::agent_core::__private::Resource] = &[
        ::agent_core::__private::Resource::write("outbox"),
        ::agent_core::__private::Resource::write_key("file", Self::key1),
    ];
    #[allow(unused_variables, clippy::all, clippy::pedantic)]
    fn key1<'__a>((): ()) -> impl ::agent_core::__private::Key + '__a {
        OUTBOX
    }
}
impl ::agent_core::__private::ToolInfo for send_all {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
            "send_all",
            "Empty the outbox.",
            &[],
        )
        .resources(Self::RESOURCES)
        .blocking();
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for send_all {
    fn call(
        __cx: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::std::boxed::Box::pin(async move {
            ::agent_core::__private::Invocation::read::<Self>(&__cx, &mut [])?;
            ::agent_core::__private::Invocation::writes(&__cx, "file", &Self::key1(()));
            ::agent_core::__private::Invocation::admitted(&__cx).await;
            ::agent_core::__private::Returned::new(send_all()).__agent_core_convert()
        })
    }
}
