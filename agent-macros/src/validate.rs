//! Checks the rules for a tool. Each mistake is one error, which names the remedy.

mod keys;
mod param;

use std::collections::HashSet;

use proc_macro2::Span;
use quote::ToTokens;
use syn::{GenericParam, Safety, Signature, ext::IdentExt};

use crate::{
    attr::{Access, ToolOptions},
    errors::Errors,
    tool_fn::{Kind, Param, ToolFn},
    types::spelled,
};

const PRIMITIVES: [&str; 19] = [
    "bool", "char", "f16", "f32", "f64", "f128", "i8", "i16", "i32", "i64", "i128", "isize", "str",
    "u8", "u16", "u32", "u64", "u128", "usize",
];

pub(crate) fn validate(tool: &ToolFn, errors: &mut Errors) {
    let signature = &tool.function.signature;
    plain_function(signature, errors);
    no_generics(signature, errors);
    name(tool, errors);
    description(tool, errors);
    declared(tool, errors);
    access(&tool.options, errors);
    keys::validate(tool, errors);
    destructive(&tool.options, errors);
    no_mutation_in_a_pure_tool(tool, errors);
    thread(tool, errors);
    timeout(&tool.options, errors);
    for param in &tool.params {
        param::validate(param, errors);
    }
    different_names(tool, errors);
}

/// Whether the tool's struct would shadow a primitive type.
pub(crate) fn hides_a_type(tool: &ToolFn) -> bool {
    PRIMITIVES.contains(&tool.ident().unraw().to_string().as_str())
}

fn plain_function(signature: &Signature, errors: &mut Errors) {
    let mut refuse = |qualifier: &dyn ToTokens, word: &str| {
        let message = format!("a tool cannot be {word}: wrap this function in a plain one");
        errors.at(qualifier, message);
    };
    if let Some(token) = &signature.constness {
        refuse(token, "`const`");
    }
    if let Safety::Unsafe(token) = &signature.safety {
        refuse(token, "`unsafe`");
    }
    if let Some(abi) = &signature.abi {
        refuse(abi, "`extern`");
    }
    if let Some(variadic) = &signature.variadic {
        refuse(variadic, "variadic");
    }
    if let Some(receiver) = signature.receiver() {
        errors.at(
            receiver,
            "a tool is a free function: borrow the state by its type, as in `shop: &Shop`",
        );
    }
}

fn no_generics(signature: &Signature, errors: &mut Errors) {
    for param in &signature.generics.params {
        if !matches!(param, GenericParam::Lifetime(_)) {
            errors.at(param, param::GENERIC);
        }
    }
}

fn name(tool: &ToolFn, errors: &mut Errors) {
    let ident = tool.ident();
    if hides_a_type(tool) {
        errors.at(
            ident,
            format!("a tool called `{ident}` would hide the type: rename the function and add `name = \"{ident}\"`"),
        );
    }
    if is_name(&tool.name()) {
        return;
    }
    let rule = "the name of a tool is up to 64 of `A-Z`, `a-z`, `0-9`, `_` and `-`, and starts with a letter or `_`";
    match &tool.options.name {
        Some(name) => errors.at(name, rule),
        None => errors.at(ident, format!("{rule}: add `name = \"..\"`")),
    }
}

fn is_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let other = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name.len() <= 64 && name.starts_with(first) && name.chars().all(other)
}

fn description(tool: &ToolFn, errors: &mut Errors) {
    let message = "describe the tool, the model chooses by this text: add a doc comment or `description = \"..\"`";
    match &tool.options.description {
        Some(text) if text.value().trim().is_empty() => errors.at(text, message),
        None if tool.doc.is_empty() => errors.at(tool.ident(), message),
        _ => {}
    }
}

/// A tool without a declaration does not compile: each guess would lose updates, or time.
fn declared(tool: &ToolFn, errors: &mut Errors) {
    const NOTHING: &str = "declare what the tool touches: `pure`, `read` or `write`
`pure`: nothing but its arguments and the state that it borrows
`read`: it reads something else, such as files or a service
`write`: it changes something else
A `&mut T` parameter declares itself: such a tool changes this state and needs no word.";
    let changes_state = tool.params.iter().any(Param::changes_state);
    if tool.options.access().is_none() && !changes_state && !tool.options.unread {
        errors.push(syn::Error::new(Span::call_site(), NOTHING));
    }
}

fn access(options: &ToolOptions, errors: &mut Errors) {
    const BOTH: &str =
        "a `pure` tool touches nothing that could be read or written: drop one of the two";
    let [(first, word), rest @ ..] = options.access.as_slice() else {
        return;
    };
    let contradicts = |access: Access| (access == Access::Pure) != (*first == Access::Pure);
    if let Some((_, word)) = rest.iter().find(|(access, _)| contradicts(*access)) {
        errors.at(word, BOTH);
    } else if *first == Access::Pure && !options.resources.is_empty() {
        errors.at(word, BOTH);
    }
}

fn destructive(options: &ToolOptions, errors: &mut Errors) {
    let bare = |wanted: Access| options.access.iter().find(|(access, _)| *access == wanted);
    if let (Some(_), Some((_, word))) = (&options.destructive, bare(Access::Pure)) {
        errors.at(
            word,
            "a `destructive` tool writes, and a `pure` one touches nothing: drop one of the two",
        );
    }
}

fn no_mutation_in_a_pure_tool(tool: &ToolFn, errors: &mut Errors) {
    if !tool.options.access.iter().any(|(access, _)| *access == Access::Pure) {
        return;
    }
    for param in &tool.params {
        if let Kind::Lent { mutable: true, ty } = &param.kind {
            let ty = spelled(ty);
            errors.at(
                &param.written.ty,
                format!("a `pure` tool cannot change its state: borrow `&{ty}`, or drop `pure`"),
            );
        }
    }
}

/// A `fn` runs on a thread that may block, an `async fn` on the runtime; a word for the exception of each.
fn thread(tool: &ToolFn, errors: &mut Errors) {
    let is_async = tool.function.signature.asyncness.is_some();
    match (&tool.options.inline, &tool.options.blocking) {
        (Some(_), Some(blocking)) => errors.at(
            blocking,
            "an `inline` body is short, and a `blocking` one is not: drop one of the two",
        ),
        (Some(inline), None) if is_async => {
            errors.at(inline, "an `async fn` is polled in place already: drop `inline`");
        }
        (None, Some(blocking)) if !is_async => {
            errors.at(blocking, "a `fn` runs on a thread that may block already: drop `blocking`");
        }
        _ => {}
    }
}

fn timeout(options: &ToolOptions, errors: &mut Errors) {
    if let (Some(_), Some(timeout)) = (&options.inline, &options.timeout) {
        errors.at(
            &timeout.word,
            "an `inline` body cannot be timed out: drop `timeout`, or drop `inline` to run it on a thread",
        );
    }
}

fn different_names(tool: &ToolFn, errors: &mut Errors) {
    let mut names = HashSet::new();
    for param in tool.params.iter().filter(|param| !param.is_lent()) {
        let name = param.name();
        if !name.is_empty() && !names.insert(name.clone()) {
            let message =
                format!("two arguments are called `{name}`: give one of them another name");
            match &param.options.rename {
                Some(rename) => errors.at(rename, message),
                None => errors.at(&param.written.pat, message),
            }
        }
    }
}
