//! The table of tools that `tools![..]` makes at compile time: sorted by name, with an index.

use std::sync::Arc;

use super::ToolsetError;
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

/// A list of tools that is not bound to a state yet: `tools![..]`.
#[derive(Debug)]
pub struct Tools<L>(pub(crate) std::marker::PhantomData<fn() -> L>);

// Not derived: the list itself, a type of the macro, implements nothing else.
impl<L> Clone for Tools<L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L> Copy for Tools<L> {}

impl<L> Tools<L> {
    /// A handle on the list.
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Self(std::marker::PhantomData)
    }

    /// Binds the tools to the state from which they borrow.
    ///
    /// A state is a type that derives [`State`](crate::State), any single value, or a
    /// [`Lock`](crate::Lock) of one. What the tools borrow and it lacks does not compile.
    #[must_use]
    pub fn with_state<S: Send + Sync + 'static>(self, state: S) -> crate::Toolset
    where
        L: ToolList<S>,
    {
        self.with_state_arc(Arc::new(state))
    }

    /// Like [`with_state`](Self::with_state), for a program that keeps a handle on the state.
    ///
    /// Toolsets that are bound to the same `Arc` know that they share their state.
    #[must_use]
    pub fn with_state_arc<S: Send + Sync + 'static>(self, state: Arc<S>) -> crate::Toolset
    where
        L: ToolList<S>,
    {
        crate::Toolset::bind::<L, S>(state)
    }
}

impl<L: ToolList<()>> Tools<L> {
    /// Joins a toolset, list or run-time tool to this list, which needs no state.
    ///
    /// # Errors
    ///
    /// As [`Toolset::and`](crate::Toolset::and).
    pub fn and<T: TryInto<crate::Toolset>>(self, other: T) -> Result<crate::Toolset, ToolsetError>
    where
        ToolsetError: From<T::Error>,
    {
        crate::Toolset::from(self).and(other)
    }
}

impl<L> Default for Tools<L> {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes a list of tools: names of functions with `#[tool]`, or paths to them.
///
/// The list is a constant, sorted by name. Two tools of one name do not compile. Bind it to the
/// state from which the tools borrow with [`with_state`](crate::toolset::Tools::with_state); tools that borrow
/// nothing need none.
///
/// # Examples
///
/// ```
/// use agent_core::{tool, tools};
///
/// mod text {
///     /// Count the words of a text.
///     #[agent_core::tool(pure)]
///     pub fn words(text: &str) -> usize {
///         text.split_whitespace().count()
///     }
/// }
///
/// /// Multiply a number by itself.
/// #[tool(pure)]
/// fn square(n: i64) -> i64 {
///     n * n
/// }
///
/// let toolset = agent_core::Toolset::from(tools![text::words, square]);
/// assert_eq!(toolset.names().collect::<Vec<_>>(), ["square", "words"]);
/// ```
#[macro_export]
macro_rules! tools {
    ($($tool:ty),* $(,)?) => {{
        // Types have no hygiene: a tool may be called `List` or `S`.
        struct __List;
        const NAMES: &[&str] = &[$($crate::__private::Meta::name(&<$tool as $crate::__private::ToolInfo>::META)),*];
        // Not generic, so that `cargo check` evaluates it too.
        const ORDER: [u16; NAMES.len()] = $crate::__private::order(NAMES);
        const SLOTS: usize = $crate::__private::slots(NAMES.len());
        const _: () = $crate::__private::one_kind_of_keys(&[
            $(<$tool as $crate::__private::ToolInfo>::META),*
        ]);
        impl<__State: ::core::marker::Send + ::core::marker::Sync + 'static>
            $crate::__private::ToolList<__State> for __List
        where
            $($tool: $crate::__private::Tool<__State>),*
        {
            #[allow(clippy::large_stack_arrays)]
            const TABLE: &'static [$crate::__private::Entry<__State>] =
                &$crate::__private::sort([$($crate::__private::Entry::<__State>::of::<($tool)>()),*], ORDER);
            const INDEX: &'static [u16] = &$crate::__private::index::<SLOTS>(NAMES, &ORDER);
        }
        $crate::__private::Tools::<__List>::new()
    }};
}

const FREE: u16 = u16::MAX;

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

/// How many slots an index over this many names has: a power of two, at most half of them taken.
///
/// # Panics
///
/// With more names than a `u16` counts: the compiler shows the message.
#[must_use]
pub const fn slots(names: usize) -> usize {
    assert!(names < FREE as usize / 2, "a list of tools has at most 32766 of them");
    (2 * names + 1).next_power_of_two()
}

/// An open-addressed index: a name's hash names the slot with its position in `order`, or the
/// slots after it do.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "`get` is not const; slots are taken modulo N")]
pub const fn index<const N: usize>(names: &[&str], order: &[u16]) -> [u16; N] {
    let mut index = [FREE; N];
    let mut at = 0;
    while at < order.len() {
        let mut slot = slot(names[order[at] as usize], N);
        while index[slot] != FREE {
            slot = (slot + 1) % N;
        }
        #[expect(clippy::cast_possible_truncation, reason = "`slots` refuses more than u16::MAX")]
        {
            index[slot] = at as u16;
        }
        at += 1;
    }
    index
}

/// The first slot of a name: eight bytes at a time, multiplied and folded.
const fn slot(name: &str, slots: usize) -> usize {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = name.len() as u64;
    let mut rest = name.as_bytes();
    while let Some((chunk, tail)) = rest.split_first_chunk() {
        hash = (hash ^ u64::from_le_bytes(*chunk)).wrapping_mul(FACTOR);
        hash ^= hash >> 32;
        rest = tail;
    }
    while let Some((byte, tail)) = rest.split_first() {
        hash = (hash << 8) ^ (hash >> 56) ^ *byte as u64;
        rest = tail;
    }
    hash = hash.wrapping_mul(FACTOR);
    (hash >> 32) as usize & (slots - 1)
}

/// The position that `index` gives for a name, if `is` confirms it.
pub(crate) fn find(index: &[u16], name: &str, is: impl Fn(usize) -> bool) -> Option<usize> {
    let first = slot(name, index.len());
    let probes = index.iter().cycle().skip(first).take(index.len());
    let taken = probes.copied().take_while(|&position| position != FREE);
    taken.map(usize::from).find(|&position| is(position))
}

/// An index over names that are known at run time only; they are sorted already.
pub(crate) fn index_of(names: &[&str]) -> Box<[u16]> {
    let slots = slots(names.len());
    let mut index = vec![FREE; slots];
    for (position, name) in names.iter().enumerate() {
        let first = slot(name, slots);
        let free =
            (0..slots).map(|step| (first + step) % slots).find(|&at| index.get(at) == Some(&FREE));
        if let Some(entry) = free.and_then(|at| index.get_mut(at)) {
            *entry = u16::try_from(position).unwrap_or(FREE);
        }
    }
    index.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_others_are_not() {
        const NAMES: &[&str] = &["read", "edit", "a", "a_rather_long_tool_name", "b"];
        const ORDER: [u16; 5] = order(NAMES);
        const INDEX: [u16; slots(5)] = index(NAMES, &ORDER);
        assert_eq!(ORDER, [2, 3, 4, 1, 0]);
        let sorted = ORDER.map(|at| NAMES[usize::from(at)]);
        assert_eq!(index_of(&sorted)[..], INDEX);
        for (position, name) in sorted.iter().enumerate() {
            assert_eq!(find(&INDEX, name, |at| sorted[at] == *name), Some(position));
        }
        assert_eq!(find(&INDEX, "rea", |at| sorted[at] == "rea"), None);
        assert_eq!(find(&index_of(&[]), "x", |_| true), None);
    }

    #[test]
    #[should_panic(expected = "two tools in this list are called `same`")]
    fn two_of_one_name_are_refused() {
        let _: [u16; 3] = order(&["same", "other", "same"]);
    }
}
