//! A key is a use of its parameters: no compiler asks for an underscore, which would rename the model's argument.

#![deny(unused, unfulfilled_lint_expectations)]
#![allow(clippy::unused_async, reason = "a test of arguments")]

use agent_core::{ToolContext, Toolset, tool, tools};
use std::path::{Path, PathBuf};

/// By their names.
#[tool(write(order = id, user = user))]
async fn touch(id: u32, mut user: String) {
    user.clear();
}

/// Without waiting.
#[tool(read(order = id), inline)]
fn look(id: &str) {}

/// On a thread that may block.
#[tool(write(order = ids))]
fn touch_all(ids: &[String]) {}

/// In expressions.
#[tool(write(file = Path::new("notes").join(&name), log = ctx.id(), folder = folder.parent()))]
async fn note(name: String, ctx: ToolContext, folder: PathBuf) {}

/// In a macro.
#[tool(write(order = format!("{region}/{}", id)))]
async fn move_to(region: &str, id: u32) {}

/// In a closure, under a name that the user watches.
#[tool(write(order = ids.iter().map(|it| it + offset).collect::<Vec<_>>()))]
async fn shift(ids: &[u32], #[expect(unused_variables, reason = "theirs wins")] offset: u32) {}

/// That this file compiles is the test.
#[test]
fn an_argument_that_only_a_key_uses_is_used() {
    let tools = Toolset::from(tools![touch, look, touch_all, note, move_to, shift]);
    let names: Vec<_> = tools.names().collect();
    assert_eq!(names, ["look", "move_to", "note", "shift", "touch", "touch_all"]);
}
