//! What a ledger knows of the resources of all toolsets that share it, and what it keeps.

use agent_core::{Toolset, tool, tools};
use std::path::PathBuf;

/// Write a file, named by its path.
#[tool(write(file = path))]
async fn by_path(path: PathBuf) -> usize {
    path.as_os_str().len()
}

/// Write a file, named by a plain text.
#[tool(write(file = path))]
async fn by_name(path: String) -> usize {
    path.len()
}

/// Write something else.
#[tool(write("clock"))]
async fn set_clock() {}

fn paths() -> Toolset {
    tools![by_path].into()
}

fn names() -> Toolset {
    tools![by_name].into()
}

/// Row 4: "two toolsets that share a ledger only through a third: paths in one, plain keys in the other".
#[test]
fn toolsets_that_meet_only_through_a_third_are_refused_too() {
    let third = Toolset::from(tools![set_clock]);
    let first = paths().order_with(&third).unwrap();
    let error = names().order_with(&third).unwrap_err().to_string();
    assert!(error.contains("file"), "{error}");

    let third = Toolset::from(tools![set_clock]);
    let other = names().order_with(&third).unwrap();
    assert!(paths().order_with(&third).is_err());
    // Through a chain, and through what was joined later.
    assert!(paths().order_with(&other).is_err());
    assert!(names().order_with(&first).is_err());
    let joined = Toolset::from(tools![set_clock]).order_with(&first).unwrap();
    assert!(names().order_with(&joined).is_err());
}

/// Row 4: what was refused has left no trace, and those of one kind still join.
#[test]
fn a_toolset_that_was_refused_leaves_the_ledger_as_it_was() {
    let third = Toolset::from(tools![set_clock]);
    let first = paths().order_with(&third).unwrap();
    assert!(names().order_with(&third).is_err());
    let second = paths().order_with(&third).unwrap();
    assert!(paths().order_with(&second).is_ok());
    assert!(paths().order_with(&first).is_ok());
}
