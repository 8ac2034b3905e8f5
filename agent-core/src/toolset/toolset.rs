//! The tools of an agent, bound to their state and to the ledger that orders their calls.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, PoisonError};

use crate::schedule::claim::{Claim, Mode, Place};
use crate::schedule::key_kinds::{KeyUse, MixedKeys};
use crate::schedule::queue::{CallSlots, SharedLedger};
use crate::schema;
use crate::schema::Access;
use crate::schema::ToolDefinition;
use crate::tool::access::{self, Resource};
use crate::tool::arguments::describe;
use crate::tool::key;
use crate::toolset::bound::{Bound, Source, Table, slots};
use crate::toolset::error::ToolsetError;
use crate::toolset::index;
use crate::toolset::table::ToolList;

/// Tools, bound to the state from which they borrow.
///
/// A toolset owns the ledger that orders its calls, so all runs on it, and on its clones, are
/// ordered together. Cloning shares everything.
#[derive(Clone)]
pub struct Toolset {
    inner: Arc<ToolsetInner>,
}

struct ToolsetInner {
    /// Sorted by name, as the definitions.
    tools: Vec<Bound>,
    definitions: Arc<[ToolDefinition]>,
    index: Cow<'static, [u16]>,
    ledger: SharedLedger,
    /// Whether some tool writes.
    writes: bool,
}

impl Toolset {
    pub(crate) fn bind<L: ToolList<S>, S: Send + Sync + 'static>(state: Arc<S>) -> Self {
        let identity = Arc::as_ptr(&state).cast::<()>() as usize;
        let source: Arc<dyn Source> = Arc::new(Table { state, entries: L::TABLE });
        let bound = L::TABLE.iter().enumerate().map(|(at, entry)| {
            let arguments = describe(entry.meta.parameters);
            let meta = entry.meta;
            let access = access::declared(meta.options.world, meta.resources, entry.lent);
            let definition = ToolDefinition {
                name: meta.name.into(),
                title: meta.title.map(Into::into),
                description: meta.description.trim().into(),
                schema: schema::object(&arguments).into(),
                access,
                destructive: meta.options.destructive,
                solo: meta.options.solo,
            };
            let bound = Bound {
                options: meta.options,
                access,
                claims: access::claims(meta.options.world, meta.resources, entry.lent, identity)
                    .into(),
                slots: slots(&meta.options),
                resources: meta.resources,
                claims_keys: meta.resources.iter().any(|resource| resource.paths.is_some()),
                takes_call: arguments.iter().any(|argument| argument.given),
                source: source.clone(),
                at,
                blocked: Arc::default(),
                ledger: None,
            };
            (bound, definition)
        });
        let (tools, definitions) = bound.unzip();
        Self::new(tools, definitions, Cow::Borrowed(L::INDEX))
    }

    pub(super) fn new(
        tools: Vec<Bound>,
        definitions: Vec<ToolDefinition>,
        index: Cow<'static, [u16]>,
    ) -> Self {
        let ledger = SharedLedger::default();
        let declared = declare_keys(&ledger, &tools, &definitions);
        debug_assert!(declared.is_ok(), "`tools!` refuses a list with two kinds of keys");
        Self::with_ledger(tools, definitions.into(), index, ledger)
    }

    /// The tools with a ledger that knows their keys.
    fn with_ledger(
        mut tools: Vec<Bound>,
        definitions: Arc<[ToolDefinition]>,
        index: Cow<'static, [u16]>,
        ledger: SharedLedger,
    ) -> Self {
        for tool in &mut tools {
            tool.join(&ledger);
        }
        let writes = tools.iter().any(|tool| tool.access().may_write());
        Self { inner: Arc::new(ToolsetInner { tools, definitions, index, ledger, writes }) }
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
        let (tools, definitions): (Vec<Bound>, Vec<ToolDefinition>) = rows.into_iter().unzip();
        let ledger = SharedLedger::default();
        declare_keys(&ledger, &tools, &definitions)?;
        let names: Vec<_> = definitions.iter().map(ToolDefinition::name).collect();
        let index = Cow::Owned(index::index_of(&names).into_vec());
        Ok(Self::with_ledger(tools, definitions.into(), index, ledger))
    }

    /// What a model is told of the tools, sorted by name.
    #[must_use]
    pub fn definitions(&self) -> &[ToolDefinition] {
        &self.inner.definitions
    }

    pub(crate) fn shared_definitions(&self) -> &Arc<[ToolDefinition]> {
        &self.inner.definitions
    }

    /// The names of the tools, sorted.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.inner.definitions.iter().map(ToolDefinition::name)
    }

    /// The access of a tool: see [`ToolDefinition::access`].
    #[must_use]
    pub fn access(&self, name: &str) -> Option<Access> {
        self.find(name).map(Bound::access)
    }

    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<&Bound> {
        self.inner.tools.get(self.position(name)?)
    }

    /// The position of a tool.
    #[inline]
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        let ToolsetInner { index, definitions, .. } = &*self.inner;
        let is =
            |at: usize| definitions.get(at).is_some_and(|definition| &*definition.name == name);
        index::find(index, name, is)
    }

    /// The tool at a position that [`position`](Self::position) returned.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "it is a position in this toolset")]
    pub(crate) fn tool(&self, at: usize) -> &Bound {
        &self.inner.tools[at]
    }

    /// Whether the calls of a tool are entered in the ledger. Reads without a name conflict with writes of
    /// their own run alone, so where nothing writes they need no order. Named reads do: a toolset that
    /// shares the ledger may write what they name.
    #[inline]
    pub(crate) fn orders(&self, tool: &Bound) -> bool {
        let unnamed = matches!(*tool.claims, [Claim { place: Place::OwnRun, mode: Mode::Shared }]);
        match unnamed && !tool.claims_keys {
            true => self.inner.writes,
            false => tool.claims_something(),
        }
    }

    /// A tool whose calls need approval, if there is one.
    pub(crate) fn destructive(&self) -> Option<&Arc<str>> {
        let tools = self.inner.tools.iter().zip(&*self.inner.definitions);
        let mut destructive = tools.filter(|(tool, _)| tool.options.destructive);
        destructive.next().map(|(_, definition)| &definition.name)
    }

    /// The slots of all tools of which not all calls run at the same time.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Arc<CallSlots>> {
        self.inner.tools.iter().filter_map(|tool| tool.slots.as_ref())
    }

    /// Orders its calls with those of another toolset.
    ///
    /// Toolsets that touch the same things and are used by different agents have to know of each other:
    /// their calls are then ordered as if they were of one.
    ///
    /// # Errors
    ///
    /// When a resource has paths as keys in one of the tools and plain values in another, among all
    /// toolsets that are ordered together.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Toolset, tool, tools};
    ///
    /// /// Read a page.
    /// #[tool(read(page = number))]
    /// fn page(number: u32) -> String {
    ///     format!("page {number}")
    /// }
    ///
    /// /// Write a page.
    /// #[tool(write(page = number))]
    /// fn write_page(number: u32, text: &str) {
    ///     println!("{number}: {text}");
    /// }
    ///
    /// let readers = Toolset::from(tools![page]);
    /// let writers = Toolset::from(tools![page, write_page]).order_with(&readers)?;
    /// # _ = writers;
    /// # Ok::<(), agent_core::ToolsetError>(())
    /// ```
    pub fn order_with(self, with: &Self) -> Result<Self, ToolsetError> {
        let ToolsetInner { tools, definitions, index, .. } = &*self.inner;
        let ledger = with.inner.ledger.clone();
        declare_keys(&ledger, tools, definitions)?;
        Ok(Self::with_ledger(tools.clone(), definitions.clone(), index.clone(), ledger))
    }

    pub(crate) fn shared_ledger(&self) -> &SharedLedger {
        &self.inner.ledger
    }
}

/// Lets the ledger know of which kind the keys of these tools are; an error leaves it as it was.
fn declare_keys(
    ledger: &SharedLedger,
    tools: &[Bound],
    definitions: &[ToolDefinition],
) -> Result<(), ToolsetError> {
    let mut names = Vec::new();
    let mut uses = Vec::new();
    for (tool, definition) in tools.iter().zip(definitions) {
        for Resource { name, paths, .. } in tool.resources {
            let Some(paths) = *paths else { continue };
            let tool = definition.name.clone();
            names.push(*name);
            uses.push(KeyUse { resource: key::resource(name), paths, tool });
        }
    }
    if uses.is_empty() {
        return Ok(());
    }
    // No user code runs under the lock, so a poisoned one is still in order.
    let declared = ledger.lock().unwrap_or_else(PoisonError::into_inner).declare_keys(&uses);
    declared.map_err(|MixedKeys { at, paths, values }| {
        let resource = names.get(at).copied().unwrap_or_default();
        ToolsetError::Keys { resource, paths, values }
    })
}

/// No tools.
impl Default for Toolset {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new(), Cow::Owned(index::index_of(&[]).into_vec()))
    }
}

impl fmt::Debug for Toolset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
