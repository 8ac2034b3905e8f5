//! Mistakes in the other options of a tool.

use super::{faulty, refused, refused_options};

#[test]
fn an_unknown_option() {
    let message = "unknown option; expected `pure`, `read`, `write`, `destructive`, `solo`, `max_concurrent`, `inline`, `blocking`, `timeout`, `name`, `title`, `description` or `crate`";
    refused_options("durable = true, single", &[(message, "durable"), (message, "single")]);
    refused_options("std::read", &[(message, "std::read")]);
    refused_options("rd, time = \"5s\"", &[(message, "rd"), (message, "time")]);
}

#[test]
fn a_misspelt_option() {
    for (written, meant) in [
        ("reads", "read"),
        ("raed", "read"),
        ("Write", "write"),
        ("rite", "write"),
        ("writes(\"orders\")", "write"),
        ("timeouts = \"5s\"", "timeout"),
        ("names = \"a\"", "name"),
        ("concurrent = 4", "max_concurrent"),
        ("max_concurrency = 4", "max_concurrent"),
    ] {
        let message = format!("unknown option: did you mean `{meant}`?");
        let word = written.split([' ', '(']).next().unwrap();
        refused_options(written, &[(&message, word)]);
    }
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
fn a_limit_that_is_not_a_number() {
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
fn a_timeout_that_is_not_a_duration() {
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
fn a_timeout_of_a_body_that_runs_in_place() {
    let message = "an `inline` body cannot be timed out: drop `timeout`, or drop `inline` to run it on a thread";
    faulty(
        "#[tool(pure, timeout = \"5s\", inline)] /** Do it. */ fn f() {}",
        &[(message, "timeout")],
    );
    faulty("#[tool(pure, timeout = \"5s\")] /** Do it. */ fn f() {}", &[]);
    refused_options("timeout = \"5s\"", &[]);
    refused_options("timeout = \"5s\", blocking", &[]);
}

#[test]
fn a_word_for_where_the_body_runs_anyway() {
    let in_place = "an `async fn` is polled in place already: drop `inline`";
    refused_options("inline", &[(in_place, "inline")]);
    faulty("#[tool(pure, inline)] /** Do it. */ fn f() {}", &[]);
    let on_a_thread = "a `fn` runs on a thread that may block already: drop `blocking`";
    faulty("#[tool(pure, blocking)] /** Do it. */ fn f() {}", &[(on_a_thread, "blocking")]);
    refused_options("blocking", &[]);
    let both = "an `inline` body is short, and a `blocking` one is not: drop one of the two";
    for function in ["fn", "async fn"] {
        faulty(
            &format!("#[tool(pure, inline, blocking)] /** Do it. */ {function} f() {{}}"),
            &[(both, "blocking")],
        );
    }
}

#[test]
fn no_description() {
    let message = "describe the tool, the model chooses by this text: add a doc comment or `description = \"..\"`";
    faulty("#[tool(pure)] fn f() {}", &[(message, "f")]);
    faulty("#[tool(pure)] /** */ #[doc(hidden)] fn f() {}", &[(message, "f")]);
    faulty("#[tool(pure, description = \" \")] /// Do it.\n fn f() {}", &[(message, "\" \"")]);
    faulty("#[tool(pure, description = \"Do it.\")] fn f() {}", &[]);
    faulty("#[tool(pure)] #[doc = include_str!(\"f.md\")] fn f() {}", &[]);
}

#[test]
fn a_name_that_providers_reject() {
    let rule = "the name of a tool is up to 64 of `A-Z`, `a-z`, `0-9`, `_` and `-`, and starts with a letter or `_`";
    for name in ["\"\"", "\"a b\"", "\"1a\"", "\"-a\"", "\"a.b\"", "\"löschen\""] {
        refused_options(&format!("name = {name}"), &[(rule, name)]);
    }
    let long = format!("\"{}\"", "a".repeat(65));
    refused_options(&format!("name = {long}"), &[(rule, &long)]);
    refused("fn löschen()", &[(&format!("{rule}: add `name = \"..\"`"), "löschen")]);
    faulty("#[tool(pure, name = \"delete-it\")] /** Do it. */ fn löschen() {}", &[]);
}

#[test]
fn a_name_that_hides_a_primitive_type() {
    for name in ["char", "str", "bool", "u8", "f64", "usize"] {
        let message = format!(
            "a tool called `{name}` would hide the type: rename the function and add `name = \"{name}\"`"
        );
        refused(&format!("fn {name}()"), &[(&message, name)]);
    }
    faulty("#[tool(pure, name = \"char\")] /** Do it. */ fn to_char() {}", &[]);
}
