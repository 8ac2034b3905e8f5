//! Every rule of `validate` and of the options, one mistake for each line.

use syn::parse::Parser;

use super::{Input, assert_faults};
use crate::{errors::Errors, tool};

/// The mistakes of a tool whose signature is given.
#[track_caller]
fn refused(source: &str, expected: &[(&str, &str)]) {
    faulty(&format!("#[tool] /** Do it. */ {source} {{}}"), expected);
}

/// The mistakes of a tool with these options.
#[track_caller]
fn refused_options(options: &str, expected: &[(&str, &str)]) {
    faulty(&format!("#[tool({options})] /** Do it. */ async fn f() {{}}"), expected);
}

#[track_caller]
fn accepted(source: &str) {
    refused(source, &[]);
}

#[track_caller]
fn faulty(source: &str, expected: &[(&str, &str)]) {
    let input = Input::parse.parse_str(source).unwrap();
    let mut errors = Errors::default();
    tool::read(input.options, input.item, &mut errors);
    assert_faults(errors, expected);
}

#[test]
fn an_unknown_option() {
    let message = "unknown option; expected `pure`, `read`, `write`, `destructive`, `solo`, `max_concurrent`, `blocking`, `timeout`, `name`, `title`, `description` or `crate`";
    refused_options("reads", &[(message, "reads")]);
    refused_options("durable = true, single", &[(message, "durable"), (message, "single")]);
    refused_options("std::read", &[(message, "std::read")]);
}

#[test]
fn an_option_with_the_wrong_value() {
    refused_options("pure(\"x\")", &[("write `pure` alone: it takes no value", "pure(\"x\")")]);
    refused_options(
        "blocking = true",
        &[("write `blocking` alone: it takes no value", "blocking = true")],
    );
    refused_options(
        "solo = true, destructive()",
        &[
            ("write `solo` alone: it takes no value", "solo = true"),
            ("write `destructive` alone: it takes no value", "destructive()"),
        ],
    );
    refused_options("name", &[("write `name = \"..\"`", "name")]);
    refused_options("title = 3", &[("write `title = \"..\"`", "title = 3")]);
    refused_options(
        "description(\"x\")",
        &[("write `description = \"..\"`", "description(\"x\")")],
    );
    refused_options("crate = \"x\"", &[("write `crate = some::path`", "crate = \"x\"")]);
}

#[test]
fn an_option_given_twice() {
    refused_options("read, read", &[("`read` is given twice", "read")]);
    refused_options("name = \"a\", name = \"b\"", &[("`name` is given twice", "name")]);
    refused_options(
        "timeout = \"1s\", timeout = \"1s\"",
        &[("`timeout` is given twice", "timeout")],
    );
    refused_options("blocking, blocking", &[("`blocking` is given twice", "blocking")]);
}

#[test]
fn pure_with_read_or_write() {
    let message =
        "a `pure` tool touches nothing that could be read or written: drop one of the two";
    refused_options("pure, read", &[(message, "read")]);
    refused_options("write, pure", &[(message, "pure")]);
    refused_options("pure, read, write", &[(message, "read")]);
    refused_options("pure, read(\"x\")", &[(message, "pure")]);
    refused_options("write(\"x\"), pure", &[(message, "pure")]);
    refused_options("read, write", &[]);
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
    // What the name stands for, the compiler knows.
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
    refused_options("pure, destructive", &[(message, "pure")]);
    refused_options("destructive, solo, read", &[]);
    refused_options("destructive, write(\"orders\"), max_concurrent = 2", &[]);
}

#[test]
fn a_limit_that_is_no_number() {
    let message = "write a whole number above zero";
    for number in ["0", "-1", "4294967296", "99999999999999999999"] {
        refused_options(&format!("max_concurrent = {number}"), &[(message, number)]);
    }
    for written in
        ["max_concurrent", "max_concurrent(4)", "max_concurrent = \"4\"", "max_concurrent = N"]
    {
        refused_options(written, &[("write `max_concurrent = 4`", written)]);
    }
    refused_options("max_concurrent = 0xff, solo", &[]);
    refused_options("solo, solo", &[("`solo` is given twice", "solo")]);
}

#[test]
fn a_mutable_borrow_in_a_tool_that_reads() {
    faulty(
        "#[tool(read)] /** Do it. */ fn f(a: &Db, b: &mut Notes) {}",
        &[("a `read` tool cannot change its state: borrow `&Notes`, or drop `read`", "&mut Notes")],
    );
    faulty(
        "#[tool(pure)] /** Do it. */ fn f(b: &mut Notes) {}",
        &[("a `pure` tool cannot change its state: borrow `&Notes`, or drop `pure`", "&mut Notes")],
    );
    faulty(
        "#[tool(read, read(\"x\"))] /** Do it. */ fn f(b: &mut Notes) {}",
        &[("a `read` tool cannot change its state: borrow `&Notes`, or drop `read`", "&mut Notes")],
    );
    for options in ["read, write", "read(\"x\")", "read, write(\"x\")"] {
        faulty(&format!("#[tool({options})] /** Do it. */ fn f(b: &mut Notes) {{}}"), &[]);
    }
}

#[test]
fn a_timeout_that_is_no_duration() {
    let message = "write a whole number above zero and its unit, such as `500ms`, `5s` or `2m`";
    for text in [
        "\"5\"",
        "\"s\"",
        "\"\"",
        "\"1.5s\"",
        "\"-1s\"",
        "\"5 s\"",
        "\"5h\"",
        "\"0s\"",
        "\"99999999999999999999s\"",
        "\"999999999999999999m\"",
    ] {
        refused_options(&format!("timeout = {text}"), &[(message, text)]);
    }
    refused_options("timeout = 5", &[("write `timeout = \"5s\"`", "timeout = 5")]);
    refused_options("timeout", &[("write `timeout = \"5s\"`", "timeout")]);
}

#[test]
fn a_timeout_of_a_sync_function() {
    faulty(
        "#[tool(timeout = \"5s\")] /** Do it. */ fn f() {}",
        &[("a sync function cannot be timed out: make it `async`, or add `blocking`", "timeout")],
    );
    faulty("#[tool(timeout = \"5s\", blocking)] /** Do it. */ fn f() {}", &[]);
    refused_options("timeout = \"5s\"", &[]);
}

#[test]
fn a_generic_function() {
    let message = "a tool has one schema, so it cannot be generic: use a concrete type";
    refused("fn f<T: Into<u8>>(a: T)", &[(message, "T: Into<u8>")]);
    refused("fn f<const N: usize>(a: [u8; N])", &[(message, "const N: usize")]);
    refused("fn f(a: impl Into<u8>)", &[(message, "impl Into<u8>")]);
    refused("fn f(a: Vec<impl Into<u8>>)", &[(message, "impl Into<u8>")]);
    refused("fn f(a: &impl Hook)", &[(message, "impl Hook")]);
    accepted("fn f<'x, 'y: 'x>(a: &'x str, b: Cow<'y, str>) -> impl Serialize where String: Clone");
}

#[test]
fn an_argument_without_a_name() {
    refused(
        "fn f((a, b): (u8, Vec<u8>))",
        &[(
            "an argument needs a name: write `name: (u8, Vec<u8>)` and take it apart in the body",
            "(a, b)",
        )],
    );
    refused(
        "fn f(_: &str)",
        &[("an argument needs a name: write `name: &str` and take it apart in the body", "_")],
    );
    accepted("fn f(mut a: u8, _b: u8, Db(pool): &Db, _: &Notes)");
}

#[test]
fn a_function_that_cannot_be_called_plainly() {
    let message = "a tool is a free function: borrow the state by its type, as in `shop: &Shop`";
    refused("fn f(&mut self, a: u8)", &[(message, "&mut self")]);
    refused("fn f(self)", &[(message, "self")]);
    refused(
        "const fn f()",
        &[("a tool cannot be `const`: wrap this function in a plain one", "const")],
    );
    refused(
        "unsafe fn f()",
        &[("a tool cannot be `unsafe`: wrap this function in a plain one", "unsafe")],
    );
    refused(
        "extern \"C\" fn f()",
        &[("a tool cannot be `extern`: wrap this function in a plain one", "extern \"C\"")],
    );
    refused(
        "fn f(a: u8, ...)",
        &[("a tool cannot be variadic: wrap this function in a plain one", "...")],
    );
}

#[test]
fn a_condition_on_a_parameter() {
    refused(
        "fn f(#[cfg(unix)] a: u8, #[cfg(unix)] db: &Db)",
        &[
            (
                "a parameter cannot be left out: put `#[cfg]` on two versions of the function",
                "#[cfg(unix)]",
            ),
            (
                "a parameter cannot be left out: put `#[cfg]` on two versions of the function",
                "#[cfg(unix)]",
            ),
        ],
    );
}

#[test]
fn no_description() {
    let message = "describe the tool, the model chooses by this text: add a doc comment or `description = \"..\"`";
    faulty("#[tool] fn f() {}", &[(message, "f")]);
    faulty("#[tool] /** */ #[doc(hidden)] fn f() {}", &[(message, "f")]);
    faulty("#[tool(description = \" \")] /// Do it.\n fn f() {}", &[(message, "\" \"")]);
    faulty("#[tool(description = \"Do it.\")] fn f() {}", &[]);
    faulty("#[tool] #[doc = include_str!(\"f.md\")] fn f() {}", &[]);
}

#[test]
fn a_name_that_providers_refuse() {
    let rule = "the name of a tool is up to 64 of `A-Z`, `a-z`, `0-9`, `_` and `-`, and starts with a letter or `_`";
    for name in ["\"\"", "\"a b\"", "\"1a\"", "\"-a\"", "\"a.b\"", "\"löschen\""] {
        refused_options(&format!("name = {name}"), &[(rule, name)]);
    }
    let long = format!("\"{}\"", "a".repeat(65));
    refused_options(&format!("name = {long}"), &[(rule, &long)]);
    refused("fn löschen()", &[(&format!("{rule}: add `name = \"..\"`"), "löschen")]);
    faulty("#[tool(name = \"delete-it\")] /** Do it. */ fn löschen() {}", &[]);
}

#[test]
fn a_name_that_hides_a_primitive_type() {
    for name in ["char", "str", "bool", "u8", "f64", "usize"] {
        let message = format!(
            "a tool called `{name}` would hide the type: rename the function and add `name = \"{name}\"`"
        );
        refused(&format!("fn {name}()"), &[(&message, name)]);
    }
    faulty("#[tool(name = \"char\")] /** Do it. */ fn to_char() {}", &[]);
}

#[test]
fn a_borrow_inside_an_argument() {
    for (written, place, remedy) in [
        ("Option<&str>", "&str", "Option<String>"),
        ("Option<&'static str>", "&'static str", "Option<String>"),
        ("Vec<&[u8]>", "&[u8]", "Vec<Vec<u8>>"),
        ("HashMap<&str, &mut u8>", "&str", "HashMap<String, u8>"),
        ("(u8, &Db)", "&Db", "(u8, Db)"),
        ("[&str; 2]", "&str", "[String; 2]"),
        ("&[&str]", "&str", "&[String]"),
        ("Vec<&[&str]>", "&[&str]", "Vec<Vec<String>>"),
        ("Box<dyn Hook<&u8> + Send>", "&u8", "Box<dyn Hook<u8> + Send>"),
    ] {
        let message = format!("an argument of the model owns its parts: write `{remedy}`");
        refused(&format!("fn f(a: {written})"), &[(&message, place)]);
    }
    accepted("fn f(a: Option<fn(&str) -> &str>, b: Box<dyn Fn(&str)>, c: &Option<&str>)");
}

#[test]
fn a_borrow_that_cannot_be_given() {
    refused(
        "fn f(a: &mut str)",
        &[(
            "an argument of the model cannot be changed in place: take `mut a: String`",
            "&mut str",
        )],
    );
    refused(
        "fn f(a: &mut [u8])",
        &[(
            "an argument of the model cannot be changed in place: take `mut a: Vec<u8>`",
            "&mut [u8]",
        )],
    );
    refused(
        "fn f(a: &'static str)",
        &[("what a call borrows does not outlive it: write `&str`", "'static")],
    );
    refused(
        "fn f(a: &'static [u8])",
        &[("what a call borrows does not outlive it: write `&[u8]`", "'static")],
    );
    refused(
        "fn f(a: &'static mut Db)",
        &[("what a call borrows does not outlive it: write `&mut Db`", "'static")],
    );
    refused(
        "fn f(a: *const u8)",
        &[("a model cannot send a pointer: take the value itself", "*const u8")],
    );
    refused(
        "fn f(a: Vec<*mut u8>)",
        &[("a model cannot send a pointer: take the value itself", "*mut u8")],
    );
    accepted("fn f(a: (&str), b: &(str), c: &([u8]), d: (&mut Db), e: &(dyn Hook + Send))");
}

#[test]
fn options_on_what_the_state_lends() {
    let message =
        "`#[arg]` describes an argument of the model, and the state lends this one: remove it";
    refused("fn f(#[arg(default)] db: &Db)", &[(message, "#[arg(default)]")]);
    refused("fn f(#[arg(default)] db: &mut Db)", &[(message, "#[arg(default)]")]);
}

#[test]
fn wrong_options_of_an_argument() {
    let unknown = "unknown option; expected `default`, `rename` or `description`";
    refused(
        "fn f(#[arg(defaults = 3, range = 1..=5)] a: u8)",
        &[(unknown, "defaults"), (unknown, "range")],
    );
    refused("fn f(#[arg(default, default = 3)] a: u8)", &[("`default` is given twice", "default")]);
    refused(
        "fn f(#[arg(rename = \"b\")] #[arg(rename = \"c\")] a: u8)",
        &[("`rename` is given twice", "rename")],
    );
    refused("fn f(#[arg(rename)] a: u8)", &[("write `rename = \"..\"`", "rename")]);
    refused("fn f(#[arg(default(3))] a: u8)", &[("write `default = ..`", "default(3)")]);
    refused(
        "fn f(#[arg(rename = \"\")] a: u8)",
        &[("an argument needs a name: write `rename = \"name\"`, or remove it", "\"\"")],
    );
    refused(
        "fn f(#[arg] a: u8)",
        &[("expected attribute arguments in parentheses: #[arg(...)]", "arg")],
    );
}

#[test]
fn two_arguments_of_one_name() {
    let message = "two arguments are called `b`: give one of them another name";
    refused("fn f(#[arg(rename = \"b\")] a: u8, b: u8)", &[(message, "b")]);
    refused("fn f(b: u8, #[arg(rename = \"b\")] a: u8)", &[(message, "\"b\"")]);
    accepted("fn f(#[arg(rename = \"b\")] a: u8, b: &Db)");
}

#[test]
fn anything_but_a_function() {
    let message = "`#[tool]` goes on a free function with a body";
    faulty("#[tool] /** Do it. */ pub struct Search;", &[(message, "struct")]);
    faulty("#[tool] impl Search {}", &[(message, "impl")]);
    faulty("#[tool] const LIMIT: u8 = 3;", &[(message, "const")]);
    faulty("#[tool] fn f();", &[(message, "fn")]);
}

#[test]
fn all_mistakes_at_once() {
    faulty(
        "#[tool(reads, pure, timeout = \"5x\")] unsafe fn str<T>(_: T, db: &mut Db, #[arg(rename = \"\")] a: Option<&str>) {}",
        &[
            (
                "unknown option; expected `pure`, `read`, `write`, `destructive`, `solo`, `max_concurrent`, `blocking`, `timeout`, `name`, `title`, `description` or `crate`",
                "reads",
            ),
            (
                "write a whole number above zero and its unit, such as `500ms`, `5s` or `2m`",
                "\"5x\"",
            ),
            ("a tool cannot be `unsafe`: wrap this function in a plain one", "unsafe"),
            ("a tool has one schema, so it cannot be generic: use a concrete type", "T"),
            (
                "a tool called `str` would hide the type: rename the function and add `name = \"str\"`",
                "str",
            ),
            (
                "describe the tool, the model chooses by this text: add a doc comment or `description = \"..\"`",
                "str",
            ),
            ("a `pure` tool cannot change its state: borrow `&Db`, or drop `pure`", "&mut Db"),
            ("an argument needs a name: write `name: T` and take it apart in the body", "_"),
            ("an argument needs a name: write `rename = \"name\"`, or remove it", "\"\""),
            ("an argument of the model owns its parts: write `Option<String>`", "&str"),
        ],
    );
}
