::core::compile_error! {
    "unknown option: did you mean `read`?"
}
/// Still a function, and a tool that compiles.
#[cfg(unix)]
fn read(db: &Db, path: PathBuf) -> String {
    String::new()
}
#[cfg(unix)]
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct read {}
#[cfg(unix)]
impl ::agent_core::__private::ToolInfo for read {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
        "read",
        "",
        &[],
    );
}
#[cfg(unix)]
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for read {
    fn call(
        _: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::core::unreachable!()
    }
}
::core::compile_error! {
    "a tool called `char` would hide the type: rename the function and add `name = \"char\"`"
}
/// A struct of this name would hide a type.
fn char(code: u32) -> String {
    String::new()
}
::core::compile_error! {
    "declare what the tool touches: `pure`, `read` or `write`\n`pure`: nothing but its arguments and the state that it borrows\n`read`: it reads something else, such as files or a service\n`write`: it changes something else\nA `&mut T` parameter declares itself: such a tool changes this state and needs no word."
}
/// It declares nothing, and is still a function.
fn silent(path: PathBuf) -> usize {
    0
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code)]
struct silent {}
impl ::agent_core::__private::ToolInfo for silent {
    const META: ::agent_core::__private::Meta = ::agent_core::__private::Meta::new(
        "silent",
        "",
        &[],
    );
}
impl<
    __S: ::core::marker::Send + ::core::marker::Sync + 'static,
> ::agent_core::__private::Tool<__S> for silent {
    fn call(
        _: ::agent_core::__private::Invocation<__S>,
    ) -> ::agent_core::__private::CallFuture {
        ::core::unreachable!()
    }
}
