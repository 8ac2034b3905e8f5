//! Mistakes in the signature of a function.

use super::{accepted, faulty, refused};

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
fn a_borrow_inside_an_argument() {
    for (written, place, remedy) in [
        ("Option<&str>", "&str", "Option<String>"),
        ("Option<&'static str>", "&'static str", "Option<String>"),
        ("Vec<&[u8]>", "&[u8]", "Vec<Vec<u8>>"),
        ("HashMap<&str, &mut u8>", "&str", "HashMap<String, u8>"),
        ("(u8, &Db)", "&Db", "(u8, Db)"),
        ("[&str; 2]", "&str", "[String; 2]"),
        ("&[&str]", "&str", "&[String]"),
        ("Option<&Path>", "&Path", "Option<PathBuf>"),
        ("Vec<&std::path::Path>", "&std::path::Path", "Vec<std::path::PathBuf>"),
        ("Option<&svg::Path>", "&svg::Path", "Option<svg::Path>"),
        ("Option<&Path<u8>>", "&Path<u8>", "Option<Path<u8>>"),
        ("Vec<&[&str]>", "&[&str]", "Vec<Vec<String>>"),
        ("Box<dyn Hook<&u8> + Send>", "&u8", "Box<dyn Hook<u8> + Send>"),
    ] {
        let message = format!("an argument of the model owns its parts: write `{remedy}`");
        refused(&format!("fn f(a: {written})"), &[(&message, place)]);
    }
    accepted("fn f(a: Option<fn(&str) -> &str>, b: Box<dyn Fn(&str)>, c: &Option<&str>)");
}

#[test]
fn a_borrow_that_neither_the_state_nor_the_call_can_lend() {
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
        "fn f(#[arg(name = \"b\", range = 1..=5)] a: u8)",
        &[("unknown option: did you mean `rename`?", "name"), (unknown, "range")],
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
