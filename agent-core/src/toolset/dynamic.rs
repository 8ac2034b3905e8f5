//! Tools whose name and schema are known only at run time.

use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::error::ToolError;
use crate::schedule::key_kinds::{KeyUse, MixedKeys};
use crate::schedule::queue::SharedLedger;
use crate::schema::Access;
use crate::schema::ToolDefinition;
use crate::tool::access;
use crate::tool::arguments::read_once;
use crate::tool::claims::Claims;
use crate::tool::claims::World;
use crate::tool::context::claim_point::add_claims;
use crate::tool::context::{Invocation, ToolContext};
use crate::tool::key;
use crate::tool::meta::{CallFuture, Options};
use crate::tool::output::{IntoToolError, IntoToolOutput};
use crate::toolset::bound::slots;
use crate::toolset::bound::{Bound, Source};
use crate::toolset::error::{ToolsetError, mixed_keys};
use crate::toolset::index;
use crate::toolset::toolset::Toolset;
use crate::transcript::SharedText;

type DynamicBody = dyn Fn(Value, ToolContext) -> CallFuture + Send + Sync;
type ClaimsOf = dyn Fn(&Value, &mut Claims) + Send + Sync;

/// A tool whose name and schema are known only at run time, such as one of a plugin.
///
/// Its arguments arrive as a JSON object in which each key stands once; they are not checked
/// against the schema.
///
/// # Examples
///
/// ```
/// use agent_core::{Access, DynamicTool, Toolset};
/// use serde_json::json;
///
/// let schema = json!({"type": "object", "properties": {"path": {"type": "string"}}});
/// let stat = DynamicTool::new("stat", "Size of a file in bytes.", schema, Access::Read, |args, _call| async move {
///     let path = args["path"].as_str().unwrap_or(".").to_owned();
///     std::fs::metadata(path).map(|metadata| metadata.len().to_string())
/// });
/// let toolset = Toolset::default().and(stat)?;
/// assert_eq!(toolset.names().collect::<Vec<_>>(), ["stat"]);
/// # Ok::<(), agent_core::ToolsetError>(())
/// ```
#[derive(Clone)]
pub struct DynamicTool {
    name: Arc<str>,
    title: Option<Arc<str>>,
    description: Arc<str>,
    schema: Value,
    options: Options,
    claims: Option<Arc<ClaimsOf>>,
    body: Arc<DynamicBody>,
}

impl DynamicTool {
    /// A tool that runs `body` with the call's arguments.
    ///
    /// `access` is what its calls touch: see [`claims`](Self::claims) for what only their arguments
    /// tell. `schema` is the JSON schema of the arguments, an object. Result and error may be any that
    /// `#[tool]` takes.
    pub fn new<F, T, O, E>(
        name: impl Into<Arc<str>>,
        description: impl Into<Arc<str>>,
        schema: Value,
        access: Access,
        body: F,
    ) -> Self
    where
        F: Fn(Value, ToolContext) -> T + Send + Sync + 'static,
        T: Future<Output = Result<O, E>> + Send + 'static,
        O: IntoToolOutput,
        E: IntoToolError,
    {
        let body = move |arguments, call| -> CallFuture {
            let running = body(arguments, call);
            Box::pin(async move {
                running.await.map_err(IntoToolError::into_tool_error)?.into_tool_output()
            })
        };
        Self {
            name: name.into(),
            title: None,
            description: description.into(),
            schema,
            options: Options { access, ..Options::default() },
            claims: None,
            body: Arc::new(body),
        }
    }

    /// Sets the name shown to people.
    #[must_use]
    pub fn title(mut self, title: impl Into<Arc<str>>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets what a call touches, by its arguments. The access says then how strong that may be: a call
    /// that claims to write is an error of a tool that is declared to read.
    ///
    /// The function runs before the call does, in the model's order. If it claims nothing, the call
    /// runs beside everything. Keys of a resource are of the kind that other tools of the toolset use,
    /// and those that it is [ordered with](Toolset::order_with): a call whose keys are plain values
    /// where others are paths is an error result, as is one with [too many keys](crate::Key).
    #[must_use]
    pub fn claims(mut self, claims: impl Fn(&Value, &mut Claims) + Send + Sync + 'static) -> Self {
        self.claims = Some(Arc::new(claims));
        self
    }

    /// Runs a call only after it is [approved](crate::Agent::approve); it then counts as a write.
    #[must_use]
    pub fn destructive(mut self) -> Self {
        self.options.destructive = true;
        self.options.access = Access::Write;
        self
    }

    /// Runs a call only if it is the only one of its response.
    #[must_use]
    pub fn solo(mut self) -> Self {
        self.options.solo = true;
        self
    }

    /// Runs at most so many of its calls at the same time, at least one.
    #[must_use]
    pub fn max_concurrent(mut self, calls: u32) -> Self {
        self.options.max_concurrent = calls.max(1);
        self
    }

    /// Stops a call this long after it started.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    pub(super) fn bind(self) -> Result<(Bound, ToolDefinition), ToolsetError> {
        let refuse = |problem| Err(ToolsetError::Refused { name: self.name.clone(), problem });
        if !is_name(&self.name) {
            return refuse(
                "a name has up to 64 letters, digits, `_` or `-`, and no digit or `-` first",
            );
        }
        if self.schema.get("type").and_then(Value::as_str) != Some("object") {
            return refuse("its schema needs `\"type\": \"object\"`");
        }
        if self.description.trim().is_empty() {
            return refuse("describe it: the model chooses by this text");
        }
        let Ok(schema) = RawValue::from_string(self.schema.to_string()) else {
            return refuse("its schema is no JSON");
        };
        let options = self.options;
        let access = options.access;
        let definition = ToolDefinition {
            name: self.name.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            schema: schema.into(),
            access,
            destructive: options.destructive,
            solo: options.solo,
        };
        let claims_keys = self.claims.is_some();
        let world = match access {
            _ if claims_keys => World::None,
            Access::Pure => World::None,
            Access::Read => World::Read,
            Access::Write => World::Write,
        };
        let claims = access::claims(world, &[], &[], 0).into();
        let source = Arc::new(self);
        let bound = Bound {
            options,
            access,
            claims,
            slots: slots(&options),
            resources: &[],
            claims_keys,
            takes_call: true,
            source,
            at: 0,
            blocked: Arc::default(),
            ledger: None,
        };
        Ok((bound, definition))
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    first && name.len() <= 64 && name.bytes().all(allowed)
}

impl Source for DynamicTool {
    fn call(
        &self,
        _: usize,
        text: SharedText,
        call: Option<ToolContext>,
        ledger: Option<&SharedLedger>,
    ) -> CallFuture {
        let body = self.body.clone();
        let claims = self.claims.clone().zip(ledger.cloned());
        let name = self.name.clone();
        let may_write = self.options.access.may_write();
        let cx = Invocation::<()> { state: None, text, call };
        Box::pin(async move {
            let arguments = read_once(&cx.text).map_err(ToolError::arguments)?;
            if let Some((claims, ledger)) = claims {
                let mut all = Claims::new();
                claims(&arguments, &mut all);
                if let Some(limit) = all.overflow() {
                    return Err(ToolError::retry(limit));
                }
                if all.write_something() && !may_write {
                    return Err(ToolError::new(
                        "the tool is declared to read, and claims to write",
                    ));
                }
                note_keys(&ledger, &name, all.kinds())?;
                add_claims(|claims| claims.append(all));
            }
            cx.admitted().await;
            let call = cx.call.unwrap_or_else(ToolContext::detached);
            body(arguments, call).await
        })
    }

    fn check(&self, _: usize, text: &str) -> Result<(), ToolError> {
        read_once(text).map(|_| ()).map_err(ToolError::arguments)
    }
}

/// Notes in the ledger of which kind the keys are: no other tool can then use the other kind, and they
/// are none of a kind that would not meet those of another tool.
fn note_keys(
    ledger: &SharedLedger,
    tool: &Arc<str>,
    kinds: &[(Box<str>, bool)],
) -> Result<(), ToolError> {
    if kinds.is_empty() {
        return Ok(());
    }
    let key_use = |(name, paths): &(Box<str>, bool)| KeyUse {
        resource: key::resource(name),
        paths: *paths,
        tool: tool.clone(),
    };
    let uses: Vec<_> = kinds.iter().map(key_use).collect();
    // No user code runs under the lock, so a poisoned one is still in order.
    let noted = ledger.lock().unwrap_or_else(PoisonError::into_inner).note_keys(&uses);
    noted.map_err(|MixedKeys { at, paths, values }| {
        let resource = kinds.get(at).map(|(name, _)| &**name).unwrap_or_default();
        ToolError::new(mixed_keys(resource, &paths, &values))
    })
}

impl TryFrom<DynamicTool> for Toolset {
    type Error = ToolsetError;

    fn try_from(tool: DynamicTool) -> Result<Self, ToolsetError> {
        let (bound, definition) = tool.bind()?;
        let index = Cow::Owned(index::index_of(&[definition.name()]).into_vec());
        Ok(Self::new(vec![bound], vec![definition], index))
    }
}

impl fmt::Debug for DynamicTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicTool")
            .field("name", &self.name)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
