//! Mistakes against every rule of `validate` and of the options, one for each line.

mod accesses;
mod options;
mod signatures;

use syn::parse::Parser;

use super::{Input, assert_faults};
use crate::{errors::Errors, tool};

/// The mistakes of a tool whose signature is given.
#[track_caller]
fn refused(source: &str, expected: &[(&str, &str)]) {
    faulty(&format!("#[tool(write)] /** Do it. */ {source} {{}}"), expected);
}

/// The mistakes of a tool with these options; that it declares what it touches is left to others.
#[track_caller]
fn refused_options(options: &str, expected: &[(&str, &str)]) {
    faulty(&format!("#[tool({options})] /** Do it. */ async fn f(db: &mut Db) {{}}"), expected);
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
fn all_mistakes_at_once() {
    faulty(
        "#[tool(reads, pure, timeout = \"5x\")] unsafe fn str<T>(_: T, db: &mut Db, #[arg(rename = \"\")] a: Option<&str>) {}",
        &[
            ("unknown option: did you mean `read`?", "reads"),
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
