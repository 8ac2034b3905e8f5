//! One tool: what it declares, and how it is called.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::error::ToolError;
use crate::schema::Access;
use crate::tool::access::{Lent, Resource};
use crate::tool::arguments;
use crate::tool::arguments::{Fill, Parameter};
use crate::tool::claims::World;
use crate::tool::context::Invocation;
use crate::tool::output::ToolOutput;

/// What the body of a tool returns.
pub(crate) type ToolReturn = Result<ToolOutput, ToolError>;

/// A tool's call, ready to be spawned.
pub type CallFuture = Pin<Box<dyn Future<Output = ToolReturn> + Send>>;

/// What a tool says of itself; `#[tool]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tool",
    label = "not a tool",
    note = "put `#[tool]` on a function and name that function here"
)]
pub trait ToolInfo: 'static {
    /// Name, description, parameters and options.
    const META: Meta;
}

/// A tool that borrows from the state `S`; `#[tool]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tool",
    label = "not a tool",
    note = "put `#[tool]` on a function and name that function here"
)]
pub trait Tool<S: Send + Sync + 'static>: ToolInfo {
    /// What it borrows from the state.
    const LENT: &'static [Lent] = &[];

    /// Parses the arguments, waits at the claim point, borrows, and runs the function.
    fn call(cx: Invocation<S>) -> CallFuture;
}

/// A tool's name, description and options.
#[derive(Clone, Copy)]
pub struct Meta {
    pub(crate) name: &'static str,
    pub(crate) title: Option<&'static str>,
    pub(crate) description: &'static str,
    pub(crate) parameters: &'static [&'static dyn Parameter],
    pub(crate) resources: &'static [Resource],
    pub(crate) options: Options,
}

/// How a tool is run.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the attribute")]
pub(crate) struct Options {
    pub(crate) access: Access,
    pub(crate) world: World,
    pub(crate) timeout: Option<Duration>,
    pub(crate) blocking: bool,
    /// Its body is short, and polled in place: it does not wait.
    pub(crate) sync: bool,
    /// Its calls need approval.
    pub(crate) destructive: bool,
    /// A call has to be the only one of its response.
    pub(crate) solo: bool,
    /// How many of its calls run at the same time; 0 for any number.
    pub(crate) max_concurrent: u32,
}

impl Meta {
    /// A tool that touches nothing but the state that it borrows, until an option adds to that.
    #[must_use]
    pub const fn new(
        name: &'static str,
        description: &'static str,
        parameters: &'static [&'static dyn Parameter],
    ) -> Self {
        let options = Options {
            // Derived where the tool is bound: only there it is known what it borrows.
            access: Access::Pure,
            world: World::None,
            timeout: None,
            blocking: false,
            sync: false,
            destructive: false,
            solo: false,
            max_concurrent: 0,
        };
        Self { name, title: None, description, parameters, resources: &[], options }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Sets the name shown to people.
    #[must_use]
    pub const fn title(mut self, title: &'static str) -> Self {
        self.title = Some(title);
        self
    }

    /// Declares what it touches by name.
    #[must_use]
    pub const fn resources(mut self, resources: &'static [Resource]) -> Self {
        self.resources = resources;
        self
    }

    /// Declares that it reads what it does not name.
    #[must_use]
    pub const fn read(mut self) -> Self {
        self.options.world = World::Read;
        self
    }

    /// Declares that it writes what it does not name.
    #[must_use]
    pub const fn write(mut self) -> Self {
        self.options.world = World::Write;
        self
    }

    /// Declares that its calls need approval; it writes, and what it does not name if it names nothing
    /// that it writes.
    #[must_use]
    pub const fn destructive(mut self) -> Self {
        self.options.destructive = true;
        let mut rest = self.resources;
        while let [first, others @ ..] = rest {
            if first.writes {
                return self;
            }
            rest = others;
        }
        self.write()
    }

    /// Runs a call only if it is the only one of its response.
    #[must_use]
    pub const fn solo(mut self) -> Self {
        self.options.solo = true;
        self
    }

    /// Runs at most so many of its calls at the same time.
    #[must_use]
    pub const fn max_concurrent(mut self, calls: u32) -> Self {
        self.options.max_concurrent = calls;
        self
    }

    /// Runs it in place: its body is short and does not wait.
    #[must_use]
    pub const fn inline(mut self) -> Self {
        self.options.sync = true;
        self
    }

    /// Runs it on a thread that may block.
    #[must_use]
    pub const fn blocking(mut self) -> Self {
        self.options.blocking = true;
        self
    }

    /// Stops it this many milliseconds after it started.
    #[must_use]
    pub const fn timeout_ms(mut self, milliseconds: u64) -> Self {
        self.options.timeout = Some(Duration::from_millis(milliseconds));
        self
    }
}

impl<S> Invocation<S> {
    /// Fills the slots of the tool `T` from the call's text.
    ///
    /// # Errors
    ///
    /// All that is wrong with the arguments, for the model to repair.
    pub fn read<'a, T: ToolInfo>(
        &'a self,
        slots: &mut [&mut dyn Fill<'a>],
    ) -> Result<(), ToolError> {
        arguments::read(&self.text, self.call.as_ref(), T::META.parameters, slots)
    }
}
