//! The tools of an agent: a compile-time table bound to its state, and tools known at run time.

mod bound;
mod dynamic;
mod error;
pub(crate) mod table;

pub(crate) use bound::Bound;
pub use dynamic::DynamicTool;
pub use error::ToolsetError;
pub use table::{ToolList, Tools};

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::schedule::queue::{CallSlots, SharedLedger};
use crate::schema;
use crate::schema::Access;
use crate::schema::ToolDefinition;
use crate::tool::access;
use crate::tool::arguments::describe;
use crate::tool::meta::Options;
use bound::{Source, Table, slots};

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
    definitions: Arc<[ToolDefinition]>,
    index: Cow<'static, [u16]>,
    ledger: SharedLedger,
}

impl Toolset {
    pub(crate) fn bind<L: ToolList<S>, S: Send + Sync + 'static>(state: Arc<S>) -> Self {
        let identity = Arc::as_ptr(&state).cast::<()>() as usize;
        let source: Arc<dyn Source> = Arc::new(Table { state, entries: L::TABLE });
        let bound = L::TABLE.iter().enumerate().map(|(at, entry)| {
            let arguments = describe(entry.meta.parameters);
            let meta = entry.meta;
            let definition = ToolDefinition {
                name: meta.name.into(),
                title: meta.title.map(Into::into),
                description: meta.description.trim().into(),
                schema: schema::object(&arguments).into(),
            };
            let (world, resources) = (meta.options.world, meta.resources);
            let access = access::declared(world, resources, entry.lent);
            let bound = Bound {
                options: Options { access, ..meta.options },
                claims: access::claims(world, resources, entry.lent, identity).into(),
                slots: slots(&meta.options),
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

    fn new(
        tools: Vec<Bound>,
        definitions: Vec<ToolDefinition>,
        index: Cow<'static, [u16]>,
    ) -> Self {
        let (ledger, definitions) = (SharedLedger::default(), definitions.into());
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
        let (tools, definitions): (Vec<Bound>, Vec<ToolDefinition>) = rows.into_iter().unzip();
        check_keys(&tools, &definitions)?;
        let names: Vec<_> = definitions.iter().map(ToolDefinition::name).collect();
        let index = Cow::Owned(table::index_of(&names).into_vec());
        Ok(Self::new(tools, definitions, index))
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
    /// When a resource has paths as keys in one and plain values in the other.
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
        let Inner { tools, definitions, index, .. } = &*self.inner;
        let all = [tools.as_slice(), &with.inner.tools].concat();
        check_keys(&all, &[&**definitions, &with.inner.definitions].concat())?;
        let (tools, definitions) = (tools.clone(), definitions.clone());
        let (index, ledger) = (index.clone(), with.inner.ledger.clone());
        Ok(Self { inner: Arc::new(Inner { tools, definitions, index, ledger }) })
    }

    pub(crate) fn shared_ledger(&self) -> &SharedLedger {
        &self.inner.ledger
    }
}

fn check_keys(tools: &[Bound], definitions: &[ToolDefinition]) -> Result<(), ToolsetError> {
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

impl<L: ToolList<()>> From<Tools<L>> for Toolset {
    fn from(tools: Tools<L>) -> Self {
        tools.with_state(())
    }
}

impl TryFrom<DynamicTool> for Toolset {
    type Error = ToolsetError;

    fn try_from(tool: DynamicTool) -> Result<Self, ToolsetError> {
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
