//! The tools of an agent: a compile-time table bound to its state, and tools known at run time.

mod runtime;
pub(crate) mod table;

pub use runtime::RuntimeTool;
pub use table::{ToolList, Tools};

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::access::{self, Access, Claim, Place, Resource};
use crate::arguments::describe;
use crate::context::{Ctx, Cx};
use crate::ledger::Ledger;
use crate::schema::{self, Definition};
use crate::state::NoState;
use crate::tool::{CallFuture, Options};
use table::Entry;

/// Tools, bound to the state from which they borrow.
///
/// A toolset owns the ledger that orders its calls, so all runs on it, and on its clones, are
/// ordered together. Cloning shares everything.
#[derive(Clone)]
pub struct Toolset {
    inner: Arc<Inner>,
}

struct Inner {
    /// Sorted by name, as the definitions.
    tools: Vec<Bound>,
    definitions: Arc<[Definition]>,
    index: Cow<'static, [u16]>,
    ledger: Mutex<Ledger<Parked>>,
}

/// A tool of a toolset.
#[derive(Clone)]
pub(crate) struct Bound {
    pub(crate) options: Options,
    pub(crate) claims: Arc<[Claim]>,
    /// What it names; empty for a run-time tool.
    resources: &'static [Resource],
    /// Whether its calls add claims of their own.
    claims_keys: bool,
    /// Whether a call needs its [`Ctx`].
    pub(crate) takes_call: bool,
    source: Arc<dyn Source>,
    at: usize,
}

impl Bound {
    /// Whether the tool says nothing of what it touches: no option, and no borrow of locked state.
    pub(crate) fn is_silent(&self) -> bool {
        let of_state = |claim: &Claim| matches!(claim.place, Place::State(..));
        self.options.access == Access::Undeclared && !self.claims.iter().any(of_state)
    }

    /// Whether its calls have to be admitted by the ledger.
    pub(crate) fn claims_something(&self) -> bool {
        self.claims_keys || !self.claims.is_empty()
    }

    pub(crate) fn call(&self, text: Arc<str>, call: Option<Ctx>) -> CallFuture {
        self.source.call(self.at, text, call)
    }
}

/// Where calls go: a table with its state, or a tool known at run time.
trait Source: Send + Sync {
    fn call(&self, at: usize, text: Arc<str>, call: Option<Ctx>) -> CallFuture;
}

/// A call that waits in the ledger: the `index`th of its batch.
pub(crate) struct Parked {
    pub(crate) batch: Arc<dyn Waiting>,
    pub(crate) index: usize,
}

/// A batch with calls that wait in the ledger.
pub(crate) trait Waiting: Send + Sync {
    /// Starts the call at `index`, which waited for `after`.
    fn release(self: Arc<Self>, index: usize, after: CallRef);
}

/// For what a call waited last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blocker {
    Call(CallRef),
    /// One of the calls that an agent runs at the same time.
    Slot,
}

/// Names a call of any run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallRef {
    pub(crate) run: u64,
    pub(crate) turn: u32,
    pub(crate) index: usize,
}

impl Toolset {
    pub(crate) fn bind<L: ToolList<S>, S: Send + Sync + 'static>(state: Arc<S>) -> Self {
        let identity = Arc::as_ptr(&state).cast::<()>() as usize;
        let source: Arc<dyn Source> = Arc::new(Table { state, entries: L::TABLE });
        let bound = L::TABLE.iter().enumerate().map(|(at, entry)| {
            let arguments = describe(entry.meta.parameters);
            let meta = entry.meta;
            let definition = Definition {
                name: meta.name.into(),
                title: meta.title.map(Into::into),
                description: meta.description.trim().into(),
                schema: schema::object(&arguments).into(),
            };
            let bound = Bound {
                options: meta.options,
                claims: access::claims(meta.options.world, meta.resources, entry.lent, identity)
                    .into(),
                resources: meta.resources,
                claims_keys: meta.resources.iter().any(|resource| resource.paths.is_some()),
                takes_call: arguments.iter().any(|argument| argument.given),
                source: source.clone(),
                at,
            };
            (bound, definition)
        });
        let (tools, definitions) = bound.unzip();
        Self::new(tools, definitions, Cow::Borrowed(L::INDEX))
    }

    fn new(tools: Vec<Bound>, definitions: Vec<Definition>, index: Cow<'static, [u16]>) -> Self {
        let (ledger, definitions) = (Mutex::new(Ledger::default()), definitions.into());
        Self { inner: Arc::new(Inner { tools, definitions, index, ledger }) }
    }

    /// Joins another toolset, list or run-time tool to this one, under a new ledger.
    ///
    /// # Errors
    ///
    /// When both have a tool of one name; when a resource has paths as keys in one and plain values in
    /// the other, so that they would never meet; when a run-time tool has a name or schema that no provider
    /// takes.
    pub fn and<T: TryInto<Self>>(self, other: T) -> Result<Self, ToolsetError>
    where
        ToolsetError: From<T::Error>,
    {
        let other: Self = other.try_into()?;
        let both = [&self, &other];
        let rows = both
            .map(|set| set.inner.tools.iter().cloned().zip(set.inner.definitions.iter().cloned()));
        let mut rows: Vec<_> = rows.into_iter().flatten().collect();
        rows.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
        let twice = rows.windows(2).find_map(|pair| match pair {
            [(_, one), (_, other)] if one.name == other.name => Some((one, other)),
            _ => None,
        });
        if let Some((one, other)) = twice {
            return Err(ToolsetError::clash(one, other));
        }
        let (tools, definitions): (Vec<Bound>, Vec<Definition>) = rows.into_iter().unzip();
        check_keys(&tools, &definitions)?;
        let names: Vec<_> = definitions.iter().map(Definition::name).collect();
        let index = Cow::Owned(table::index_of(&names).into_vec());
        Ok(Self::new(tools, definitions, index))
    }

    /// What a model is told of the tools, sorted by name.
    #[must_use]
    pub fn definitions(&self) -> &[Definition] {
        &self.inner.definitions
    }

    pub(crate) fn shared_definitions(&self) -> &Arc<[Definition]> {
        &self.inner.definitions
    }

    /// The names of the tools, sorted.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.inner.definitions.iter().map(Definition::name)
    }

    /// What the tool of this name declares to touch.
    #[must_use]
    pub fn access(&self, name: &str) -> Option<Access> {
        self.find(name).map(|tool| tool.options.access)
    }

    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<&Bound> {
        let Inner { index, definitions, tools, .. } = &*self.inner;
        let is =
            |at: usize| definitions.get(at).is_some_and(|definition| &*definition.name == name);
        tools.get(table::find(index, name, is)?)
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger<Parked>> {
        // No user code runs under the lock, so a poisoned one is still in order.
        self.inner.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_keys(tools: &[Bound], definitions: &[Definition]) -> Result<(), ToolsetError> {
    let keys = tools.iter().zip(definitions).flat_map(|(tool, definition)| {
        let keyed = tool.resources.iter().filter_map(|resource| {
            let paths = resource.paths?;
            Some((resource.name, paths, &definition.name))
        });
        keyed.collect::<Vec<_>>()
    });
    let mut kinds = HashMap::new();
    for (resource, paths, name) in keys {
        let (first, other) = *kinds.entry(resource).or_insert((paths, name));
        if first != paths {
            let (paths, values) = if paths { (name, other) } else { (other, name) };
            let (paths, values) = (paths.clone(), values.clone());
            return Err(ToolsetError::Keys { resource, paths, values });
        }
    }
    Ok(())
}

/// No tools.
impl Default for Toolset {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new(), Cow::Owned(table::index_of(&[]).into_vec()))
    }
}

impl<L: ToolList<NoState>> From<Tools<L>> for Toolset {
    fn from(tools: Tools<L>) -> Self {
        tools.with(NoState)
    }
}

impl TryFrom<RuntimeTool> for Toolset {
    type Error = ToolsetError;

    fn try_from(tool: RuntimeTool) -> Result<Self, ToolsetError> {
        let (bound, definition) = tool.bind()?;
        let index = Cow::Owned(table::index_of(&[definition.name()]).into_vec());
        Ok(Self::new(vec![bound], vec![definition], index))
    }
}

impl fmt::Debug for Toolset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

struct Table<S: 'static> {
    state: Arc<S>,
    entries: &'static [Entry<S>],
}

impl<S: Send + Sync + 'static> Source for Table<S> {
    #[expect(clippy::indexing_slicing, reason = "`at` is the entry's own position in this table")]
    fn call(&self, at: usize, text: Arc<str>, call: Option<Ctx>) -> CallFuture {
        let Entry { lent, call: start, .. } = &self.entries[at];
        let state = (!lent.is_empty()).then(|| self.state.clone());
        start(Cx { state, text, call })
    }
}

/// Tools that cannot stand in one toolset, or in any.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ToolsetError {
    /// Two tools have one name.
    #[error("two tools are called `{name}`: \"{one}\" and \"{other}\"")]
    Clash {
        /// The name.
        name: Arc<str>,
        /// How the one describes itself.
        one: Arc<str>,
        /// How the other describes itself.
        other: Arc<str>,
    },
    /// The keys of a resource are paths in one tool and plain values in the other.
    #[error("the keys of `{resource}` are paths in `{paths}` and plain values in `{values}`")]
    Keys {
        /// The resource.
        resource: &'static str,
        /// A tool that names its parts by paths.
        paths: Arc<str>,
        /// A tool that names them by plain values.
        values: Arc<str>,
    },
    /// A tool that no provider would take.
    #[error("tool `{name}`: {problem}")]
    Refused {
        /// The tool's name.
        name: Arc<str>,
        /// What to mend.
        problem: &'static str,
    },
}

impl ToolsetError {
    fn clash(one: &Definition, other: &Definition) -> Self {
        let name = one.name.clone();
        Self::Clash { name, one: one.description.clone(), other: other.description.clone() }
    }
}

impl From<std::convert::Infallible> for ToolsetError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
