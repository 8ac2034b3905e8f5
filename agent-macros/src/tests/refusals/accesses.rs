//! Mistakes in what a tool declares to touch.

use super::{faulty, refused_options};

/// The mistakes of a tool with these options that borrows nothing.
#[track_caller]
fn refused_plain(options: &str, expected: &[(&str, &str)]) {
    faulty(&format!("#[tool({options})] /** Do it. */ async fn f() {{}}"), expected);
}

#[test]
fn a_tool_that_declares_nothing() {
    let message = "declare what the tool touches: `pure`, `read` or `write`
`pure`: nothing but its arguments and the state that it borrows
`read`: it reads something else, such as files or a service
`write`: it changes something else
A `&mut T` parameter declares itself: such a tool changes this state and needs no word.";
    let nothing = &[(message, "")][..];
    for params in ["", "a: u8", "db: &Db", "a: &str, b: &[u8], ctx: ToolContext"] {
        faulty(&format!("#[tool] /** Do it. */ fn f({params}) {{}}"), nothing);
    }
    refused_plain("", nothing);
    refused_plain("name = \"a\", solo, max_concurrent = 2, timeout = \"5s\"", nothing);
    for declared in ["pure", "read", "write", "destructive", "read(\"x\")", "write(file = \"a\")"] {
        refused_plain(declared, &[]);
    }
    for changing in ["db: &mut Db", "a: u8, db: (&mut Db)", "db: &Db, log: &mut Log"] {
        faulty(&format!("#[tool] /** Do it. */ fn f({changing}) {{}}"), &[]);
    }
    // A word that could not be read may be the one.
    refused_plain("raed", &[("unknown option: did you mean `read`?", "raed")]);
}

#[test]
fn pure_with_read_or_write() {
    let message =
        "a `pure` tool touches nothing that could be read or written: drop one of the two";
    refused_plain("pure, read", &[(message, "read")]);
    refused_plain("write, pure", &[(message, "pure")]);
    refused_plain("pure, read, write", &[(message, "read")]);
    refused_plain("pure, read(\"x\")", &[(message, "pure")]);
    refused_plain("write(\"x\"), pure", &[(message, "pure")]);
    refused_plain("read, write", &[]);
}

#[test]
fn an_access_without_a_resource() {
    let read = "write `read` alone, `read(\"orders\")` for a resource, or `read(file = path)` for the part that a parameter names";
    let write = &read.replace("read", "write");
    refused_options("read()", &[(read, "read()")]);
    refused_options("write()", &[(write, "write()")]);
    refused_options("read = \"orders\"", &[(read, "read = \"orders\"")]);
    refused_options("write(= x)", &[(write, "=")]);
    refused_options("read(3)", &[(read, "3")]);
    refused_options("read(,)", &[(read, ",")]);
    refused_options("read(\"a\",, \"b\")", &[(read, ",")]);
    refused_options("read(\"\")", &[("a resource needs a name", "\"\"")]);
}

#[test]
fn a_resource_without_quotes() {
    let message = |name| {
        format!(
            "write `\"{name}\"` for the whole resource, or `{name} = ..` for the part that a parameter names"
        )
    };
    refused_options("read(orders)", &[(&message("orders"), "orders")]);
    refused_options("read(\"users\", orders)", &[(&message("orders"), "orders")]);
    refused_options("read(orders: id)", &[(&message("orders"), "orders")]);
    refused_options("write(type)", &[(&message("type"), "type")]);
}

#[test]
fn a_resource_without_its_key() {
    let message = "a key is missing: a parameter, or an expression of parameters";
    refused_options("write(file = )", &[(message, "=")]);
    refused_options("write(file = , \"users\")", &[(message, "=")]);
    faulty(
        "#[tool(write(file = path old))] /** Do it. */ fn f(path: u8, old: u8) {}",
        &[("expected `,`", "old")],
    );
    refused_options("write(\"a\" \"b\")", &[("expected `,`", "\"b\"")]);
}

#[test]
fn a_key_that_is_no_parameter() {
    let keyed = |params: &str, expected: &[(&str, &str)]| {
        faulty(&format!("#[tool(write(file = path))] /** Do it. */ fn f({params}) {{}}"), expected);
    };
    keyed(
        "",
        &[("`path` is no parameter: write `write(\"file\")` for the whole resource", "path")],
    );
    keyed(
        "db: &Db",
        &[("`path` is no parameter: write `write(\"file\")` for the whole resource", "path")],
    );
    keyed("file: &str", &[("`path` is no parameter: take `file`", "path")]);
    keyed("a: u8, db: &Db, mut b: u8", &[("`path` is no parameter: take one of `a`, `b`", "path")]);
    keyed("path: &str", &[]);
    keyed("mut path: PathBuf", &[]);
    // The name can be a constant or a function, which only the compiler can resolve.
    refused_options("write(file = PATH, log = a::path, day = today(), \"users\", n = 3)", &[]);
    faulty("#[tool(read(order = r#type))] /** Do it. */ fn f(r#type: u8) {}", &[]);
}

#[test]
fn a_key_of_the_state() {
    let keyed = |key: &str, expected: &[(&str, &str)]| {
        let source = "/** Do it. */ fn f(notes: &Notes, name: &str, log: &mut Log) {}";
        faulty(&format!("#[tool(read(file = {key}))] {source}"), expected);
    };
    let message = |name| {
        format!(
            "`{name}` is lent from the state, and a key comes from the call: take `name`, or write `read(\"file\")` for the whole resource"
        )
    };
    let (notes, log) = (&message("notes"), &message("log"));
    keyed("notes", &[(notes, "notes")]);
    keyed("log.path", &[(log, "log")]);
    keyed("(notes.root, log.path)", &[(notes, "notes"), (log, "log")]);
    keyed("name.map(|it| notes.root.join(it))", &[(notes, "notes")]);
    keyed("name.notes(other::log).log", &[]);
    keyed("name.map(|notes| notes.root)", &[]);
    faulty(
        "#[tool(write(file = notes))] /** Do it. */ fn f(notes: &Notes) {}",
        &[(
            "`notes` is lent from the state, and a key comes from the call: write `write(\"file\")` for the whole resource",
            "notes",
        )],
    );
}

#[test]
fn a_key_of_a_borrow_that_looks_like_an_argument() {
    for (borrow, argument) in [
        ("&Path", "PathBuf"),
        ("&std::path::Path", "std::path::PathBuf"),
        ("&PathBuf", "PathBuf"),
        ("&String", "&str"),
        ("&Vec<u8>", "&[u8]"),
        ("&Vec<&str>", "&[String]"),
        ("&ToolContext", "ToolContext"),
        ("&(agent_core::ToolContext)", "agent_core::ToolContext"),
    ] {
        let message = format!(
            "`path` is lent from the state, and a key comes from the call: take `path: {argument}` as an argument, or write `read(\"file\")` for the whole resource"
        );
        for others in ["", ", name: &str"] {
            let source = format!("/** Do it. */ fn f(path: {borrow}{others}) {{}}");
            faulty(&format!("#[tool(read(file = path))] {source}"), &[(&message, "path")]);
        }
    }
    for borrow in [
        "&mut String",
        "&svg::Path",
        "&Path<u8>",
        "&str::Path",
        "&Db",
        "&dyn Db",
        "&Vec",
        "&Vec<>",
        "&Vec<u8, A>",
    ] {
        faulty(
            &format!("#[tool(write(file = path))] /** Do it. */ fn f(path: {borrow}) {{}}"),
            &[(
                "`path` is lent from the state, and a key comes from the call: write `write(\"file\")` for the whole resource",
                "path",
            )],
        );
    }
}

#[test]
fn a_key_that_waits_or_leaves_the_call() {
    let keyed = |key: &str, expected: &[(&str, &str)]| {
        let source = "/** Do it. */ async fn f(id: &str, ids: &[String]) {}";
        faulty(&format!("#[tool(write(order = {key}))] {source}"), expected);
    };
    let wait = "a key cannot wait: write `write(\"order\")` for the whole resource";
    let fail = "a key cannot fail: give an `Option`, whose `None` stands for the whole resource";
    let leave = "a key cannot `return`: it is an expression";
    keyed("find(id).await", &[(wait, "await")]);
    keyed("id.parse::<u64>()?", &[(fail, "?")]);
    keyed("if id.is_empty() { return 0 } else { 1 }", &[(leave, "return")]);
    keyed("find(id?).await?", &[(fail, "?"), (wait, "await"), (fail, "?")]);
    keyed("ids.iter().map(|id| { return id.parse()? })", &[]);
    keyed("block_on(async { find(id).await? })", &[]);
    keyed("id.parse::<u64>().ok()", &[]);
}

#[test]
fn pure_with_destructive() {
    let message =
        "a `destructive` tool writes, and a `pure` one touches nothing: drop one of the two";
    refused_plain("pure, destructive", &[(message, "pure")]);
    refused_options("destructive, solo, read", &[]);
    refused_options("destructive, write(\"orders\"), max_concurrent = 2", &[]);
}

#[test]
fn a_mutable_borrow_in_a_pure_tool() {
    faulty(
        "#[tool(pure)] /** Do it. */ fn f(a: &Db, b: &mut Notes) {}",
        &[("a `pure` tool cannot change its state: borrow `&Notes`, or drop `pure`", "&mut Notes")],
    );
    for options in ["read", "read, write", "read(\"x\")", "read, write(\"x\")", "destructive"] {
        faulty(&format!("#[tool({options})] /** Do it. */ fn f(b: &mut Notes) {{}}"), &[]);
    }
}
