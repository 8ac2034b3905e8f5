//! A list of tools that `tools![..]` names, before it is bound to a state.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::toolset::error::ToolsetError;
use crate::toolset::table::ToolList;
use crate::toolset::toolset::Toolset;

/// A list of tools that is not bound to a state yet: `tools![..]`.
#[derive(Debug)]
pub struct Tools<L>(pub(crate) PhantomData<fn() -> L>);

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
        Self(PhantomData)
    }

    /// Binds the tools to the state from which they borrow.
    ///
    /// A state is a type that derives [`State`](crate::State), any single value, or a
    /// [`Lock`](crate::Lock) of one. What the tools borrow and it lacks does not compile.
    #[must_use]
    pub fn with_state<S: Send + Sync + 'static>(self, state: S) -> Toolset
    where
        L: ToolList<S>,
    {
        self.with_state_arc(Arc::new(state))
    }

    /// Like [`with_state`](Self::with_state), for a program that keeps a handle on the state.
    ///
    /// Toolsets that are bound to the same `Arc` know that they share their state.
    #[must_use]
    pub fn with_state_arc<S: Send + Sync + 'static>(self, state: Arc<S>) -> Toolset
    where
        L: ToolList<S>,
    {
        Toolset::bind::<L, S>(state)
    }
}

impl<L: ToolList<()>> Tools<L> {
    /// Joins a toolset, list or run-time tool to this list, which needs no state.
    ///
    /// # Errors
    ///
    /// As [`Toolset::and`](crate::Toolset::and).
    pub fn and<T: TryInto<Toolset>>(self, other: T) -> Result<Toolset, ToolsetError>
    where
        ToolsetError: From<T::Error>,
    {
        Toolset::from(self).and(other)
    }
}

impl<L> Default for Tools<L> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: ToolList<()>> From<Tools<L>> for Toolset {
    fn from(tools: Tools<L>) -> Self {
        tools.with_state(())
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
