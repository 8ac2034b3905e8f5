//! The table of tools that `tools![..]` makes at compile time: sorted by name, and checked.

use crate::tool::access::Lent;
use crate::tool::context::Invocation;
use crate::tool::meta::{CallFuture, Meta, Tool, ToolInfo};

/// One tool of a table, with functions for its types.
pub struct Entry<S: 'static> {
    pub(crate) meta: Meta,
    pub(crate) lent: &'static [Lent],
    pub(crate) call: fn(Invocation<S>) -> CallFuture,
}

impl<S> Clone for Entry<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Entry<S> {}

impl<S: Send + Sync + 'static> Entry<S> {
    /// The entry of the tool `T`.
    #[must_use]
    pub const fn of<T: Tool<S>>() -> Self {
        Self { meta: <T as ToolInfo>::META, lent: T::LENT, call: T::call }
    }
}

/// A list of tools for the state `S`; `tools![..]` implements it.
pub trait ToolList<S: 'static>: 'static {
    /// The tools, sorted by name.
    const TABLE: &'static [Entry<S>];
    /// Where the tool of a name stands in the table, by a hash of the name.
    const INDEX: &'static [u16];
}

/// The positions of the names in sorted order.
///
/// # Panics
///
/// When two are equal: the compiler shows the message.
#[must_use]
#[track_caller]
#[expect(clippy::indexing_slicing, reason = "`get` is not const; all indices are below N")]
pub const fn order<const N: usize>(names: &[&str]) -> [u16; N] {
    let mut order = [0; N];
    let mut sorted = 0;
    while sorted < N {
        let mut at = sorted;
        while at > 0 && is_after(names, order[at - 1], sorted) {
            order[at] = order[at - 1];
            at -= 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "`slots` refuses more than u16::MAX")]
        {
            order[at] = sorted as u16;
        }
        sorted += 1;
    }
    order
}

#[expect(clippy::indexing_slicing, reason = "`get` is not const; both are positions of names")]
#[track_caller]
const fn is_after(names: &[&str], one: u16, other: usize) -> bool {
    let (one, other) = (names[one as usize], names[other]);
    let (a, b) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() {
        if a[at] != b[at] {
            return a[at] > b[at];
        }
        at += 1;
    }
    if a.len() == b.len() {
        two_of_one_name(one);
    }
    a.len() > b.len()
}

#[track_caller]
const fn two_of_one_name(name: &str) -> ! {
    refuse(&["two tools in this list are called `", name, "`"])
}

/// Checks that no resource has paths as keys in one tool and plain values in another: they would
/// never meet.
///
/// # Panics
///
/// When one has: the compiler shows the message.
#[track_caller]
pub const fn one_kind_of_keys(tools: &[Meta]) {
    let mut others = tools;
    while let [tool, rest @ ..] = others {
        let mut resources = tool.resources;
        while let [resource, more @ ..] = resources {
            if let Some(true) = resource.paths
                && let Some(other) = with_plain_keys(tools, resource.name)
            {
                refuse(&[
                    "the keys of `",
                    resource.name,
                    "` are paths in `",
                    tool.name,
                    "` and plain values in `",
                    other,
                    "`",
                ]);
            }
            resources = more;
        }
        others = rest;
    }
}

/// A tool that has plain values as keys of this resource.
const fn with_plain_keys(tools: &[Meta], name: &str) -> Option<&'static str> {
    let mut others = tools;
    while let [tool, rest @ ..] = others {
        let mut resources = tool.resources;
        while let [resource, more @ ..] = resources {
            if let Some(false) = resource.paths
                && is_same(resource.name.as_bytes(), name.as_bytes())
            {
                return Some(tool.name);
            }
            resources = more;
        }
        others = rest;
    }
    None
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    match (one, other) {
        ([], []) => true,
        ([a, one @ ..], [b, other @ ..]) => *a == *b && is_same(one, other),
        _ => false,
    }
}

/// Const panics take a finished message only. The caller that is tracked is the list itself.
#[track_caller]
#[expect(clippy::indexing_slicing, reason = "`get` is not const; the text is cut to the buffer")]
const fn refuse(parts: &[&str]) -> ! {
    let mut text = [b' '; 400];
    let mut length = 0;
    let mut part = 0;
    while part < parts.len() {
        let bytes = parts[part].as_bytes();
        let mut at = 0;
        while at < bytes.len() && length < text.len() {
            text[length] = bytes[at];
            length += 1;
            at += 1;
        }
        part += 1;
    }
    match std::str::from_utf8(text.split_at(length).0) {
        Ok(message) => panic!("{}", message),
        Err(_) => panic!("two tools in this list do not go together"),
    }
}

/// The entries in this order.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "`get` is not const; all indices are below N")]
pub const fn sort<S, const N: usize>(entries: [Entry<S>; N], order: [u16; N]) -> [Entry<S>; N] {
    let mut sorted = entries;
    let mut at = 0;
    while at < N {
        sorted[at] = entries[order[at] as usize];
        at += 1;
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "two tools in this list are called `same`")]
    fn two_of_one_name_are_refused() {
        let _: [u16; 3] = order(&["same", "other", "same"]);
    }
}
