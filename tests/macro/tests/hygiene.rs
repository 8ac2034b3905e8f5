//! What stands around a tool does not change what its macro means: this file has to compile.

#![allow(
    clippy::too_many_arguments,
    clippy::trivially_copy_pass_by_ref,
    clippy::type_complexity,
    clippy::unnecessary_wraps,
    dead_code,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    reason = "names that could be taken for others, and tools with all that a tool can have"
)]

use agent_core::{tool, tools};

/// Methods of our names for all types, taken by value, which the compiler prefers to those by reference.
mod captures {
    pub(super) struct Captured;

    macro_rules! capture {
        ($($Trait:ident: $method:ident $(($($arg:ident),*))?;)*) => {
            $(
                pub(super) trait $Trait: Sized {
                    fn $method(self $(, $($arg: impl Sized),*)?) -> Captured {
                        $($(drop($arg);)*)?
                        Captured
                    }
                }
                impl<T> $Trait for T {}
            )*
        };
    }

    capture! {
        Convert: convert;
        Reads: reads(name, key);
        Writes: writes(name, key);
        Read: read(slots);
        Admitted: admitted;
        Lend: lend;
        LendMut: lend_mut;
        Slot: slot;
        Take: take;
        Run: run;
        Name: name;
        Call: call;
        Or: or(default);
        Title: title(title);
        Len: len;
    }
}

/// Where all of these traits are in scope.
mod captured {
    #[allow(unused_imports, reason = "it is unused as long as nothing is captured")]
    use super::captures::*;
    use super::{tool, tools};
    use agent_core::{Lock, State, ToolError};

    #[derive(Default)]
    pub(super) struct Notes;

    #[derive(Default, State)]
    pub(super) struct Desk {
        number: u64,
        #[lend(mut Notes)]
        notes: Lock<Notes>,
        // A lifetime that is called like one of ours.
        called: Option<Box<dyn for<'a> Fn(&'a u8) -> &'a u8 + Send + Sync>>,
    }

    /// Borrow, claim and fail.
    #[tool(read(shelf = shelf), write(note = name, note = format!("{name}{shelf}")), title = "All")]
    async fn all(
        number: &u64,
        notes: &mut Notes,
        name: &str,
        #[arg(default = "a")] word: &str,
        #[arg(default = [1, 2])] list: &[u8],
        #[arg(default = 3)] shelf: u8,
    ) -> Result<u64, ToolError> {
        let _: (&mut Notes, &str, &str, &[u8]) = (notes, name, word, list);
        core::future::ready(Ok(number + u64::from(shelf))).await
    }

    /// Return no result.
    #[tool(read)]
    fn plain(text: &str, count: usize) -> String {
        text.repeat(count)
    }

    #[test]
    fn no_method_of_ours_is_captured() {
        let toolset = tools![all, plain].with_state(Desk::default());
        assert_eq!(toolset.names().collect::<Vec<_>>(), ["all", "plain"]);
    }
}

/// Where nothing of the prelude is in scope, or is something else.
mod without_prelude {
    #![no_implicit_prelude]

    use ::agent_core::{Lock, State, tool, tools};

    pub(super) struct Ok;
    pub(super) struct Err;
    pub(super) struct Some;
    pub(super) struct None;
    pub(super) struct Box;
    pub(super) struct Vec;
    pub(super) struct String;
    pub(super) struct Option;
    pub(super) struct Result;
    pub(super) trait Send {}
    pub(super) trait Sync {}
    pub(super) trait From {}
    pub(super) trait Future {}
    pub(super) trait Default {}
    pub(super) mod std {}
    pub(super) mod core {}
    pub(super) mod agent_core {}

    pub(super) struct Notes(u64);

    #[derive(State)]
    pub(super) struct Desk {
        number: u64,
        #[lend(mut Notes)]
        notes: Lock<Notes>,
    }

    /// All that a tool may be made of.
    #[tool(read(shelf = shelf), write(note = name), timeout = "5s", max_concurrent = 2)]
    pub(super) fn all(
        number: &u64,
        notes: &mut Notes,
        name: &str,
        #[arg(default = "a")] word: &str,
        #[arg(default = [1, 2])] list: &[u8],
        #[arg(default)] shelf: u8,
    ) -> ::std::result::Result<u64, ::std::string::String> {
        notes.0 += *number;
        let _: (&str, &str, &[u8], u8) = (name, word, list, shelf);
        ::std::result::Result::Ok(notes.0)
    }

    /// And an async one.
    #[tool(pure)]
    pub(super) async fn wait(text: &str) -> usize {
        ::core::future::ready(()).await;
        text.len()
    }

    #[test]
    fn the_prelude_is_not_assumed() {
        let desk = Desk { number: 1, notes: Lock::new(Notes(1)) };
        let toolset = tools![all, wait].with_state(desk);
        ::std::assert_eq!(toolset.definitions().len(), 2);
    }
}

/// Where names are those of generated code.
mod names {
    use super::{tool, tools};
    use agent_core::Lock;

    // As a pattern, each of these would not be a variable.
    const cx: u8 = 1;
    const a0: u8 = 1;
    static s0: u8 = 1;

    pub(super) struct Tool;
    pub(super) struct BorrowsEachStateOnce;

    /// Called like a list of tools.
    #[tool(pure)]
    fn List(text: &str) -> usize {
        text.len()
    }

    /// Called like a state.
    #[tool]
    fn S(tool: &mut Tool, a: u8) -> u8 {
        let _: &mut Tool = tool;
        a
    }

    /// Called like the state in generated code.
    #[tool]
    fn __S(tool: &mut Tool, a: u8) -> u8 {
        S(tool, a)
    }

    /// It borrows from the one, and takes the other.
    #[tool(pure)]
    fn NAMES(tool: &Tool, ORDER: u8, SLOTS: u8) -> u8 {
        let _: &Tool = tool;
        ORDER + SLOTS + cx + a0 + s0
    }

    #[test]
    fn a_tool_has_any_name() {
        let toolset = tools![List, S, __S, NAMES].with_state(Lock::new(Tool));
        assert_eq!(toolset.names().collect::<Vec<_>>(), ["List", "NAMES", "S", "__S"]);
    }

    mod of_a_state {
        use super::{tool, tools};
        use agent_core::{Lock, State};

        pub(super) struct __S(u8);
        pub(super) struct Tool;

        #[derive(State)]
        pub(super) struct List {
            tool: Tool,
            #[lend(mut __S)]
            state: Lock<__S>,
        }

        /// Borrow a state that is called like our parameter for it.
        #[tool]
        fn borrow(state: &mut __S, tool: &Tool) -> u8 {
            let _: &Tool = tool;
            state.0
        }

        #[test]
        fn a_state_has_any_name() {
            let state = List { tool: Tool, state: Lock::new(__S(1)) };
            assert_eq!(tools![borrow].with_state(state).definitions().len(), 1);
        }
    }
}
