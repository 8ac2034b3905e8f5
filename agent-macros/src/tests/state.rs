use super::assert_faults;
use crate::{errors::Errors, state};

#[track_caller]
fn refused(source: &str, expected: &[(&str, &str)]) {
    let mut errors = Errors::default();
    state::read(source.parse().unwrap(), &mut errors);
    assert_faults(errors, expected);
}

#[test]
fn anything_but_a_struct() {
    let message = "`State` is derived for a struct: each of its fields is lent by its type";
    refused("enum App { Db(Db) }", &[(message, "enum")]);
    refused("union App { db: Db }", &[(message, "union")]);
}

#[test]
fn an_unknown_word() {
    let message = "write `mut Type` with the type that a lock guards, or `skip`";
    refused("struct App { #[lend(lock Notes)] notes: Lock<Notes> }", &[(message, "lock")]);
    refused("struct App { #[lend(Notes)] notes: Lock<Notes> }", &[(message, "Notes")]);
    refused("struct App(#[lend(skip, mut Notes)] Lock<Notes>);", &[("unexpected token", ",")]);
}

#[test]
fn two_words_on_one_field() {
    refused(
        "struct App { #[lend(mut Notes)] #[lend(skip)] notes: Lock<Notes> }",
        &[("a field lends one thing: remove this `#[lend]`", "#[lend(skip)]")],
    );
}

#[test]
fn a_state_that_borrows() {
    let message = "state outlives the calls that use it, so it cannot borrow: own the value, or share an `Arc`";
    refused("struct App<'x> { name: &'x str }", &[(message, "'x")]);
}

#[test]
fn an_unknown_option() {
    refused("#[state(core = x)] struct App;", &[("unknown option; expected `crate`", "core")]);
    refused("#[state(crate = x, crate = y)] struct App;", &[("`crate` is given twice", "crate")]);
}

#[test]
fn all_mistakes_at_once() {
    let message = "write `mut Type` with the type that a lock guards, or `skip`";
    refused("struct App { #[lend(a)] a: A, #[lend(b)] b: B }", &[(message, "a"), (message, "b")]);
}
