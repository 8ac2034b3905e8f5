//! Decisions about calls before they run: by a policy in the program, and by an approver that is
//! asked.

use serde_json::Value;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::log::run_id::RunId;
use crate::model::BoxFuture;
use crate::schema::Access;
use crate::transcript::ToolCall;
use crate::transcript::label::label;

/// A call before it runs, for the policy and the approver.
///
/// [`run`](Self::run), [`turn`](Self::turn) and [`number`](Self::number) are those of the run's
/// [events](crate::Event), so a decision can be matched with the stream.
#[derive(Debug, Clone)]
pub struct PendingCall {
    position: CallPosition,
    proposed: ToolCall,
    arguments: Value,
    access: Access,
    destructive: bool,
}

/// Where a call is: the position in the response of a turn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallPosition {
    pub(crate) run: RunId,
    pub(crate) turn: u32,
    pub(crate) index: usize,
}

impl PendingCall {
    pub(crate) fn new(
        position: CallPosition,
        call: &ToolCall,
        arguments: Value,
        access: Access,
        destructive: bool,
    ) -> Self {
        Self { position, proposed: call.clone(), arguments, access, destructive }
    }

    /// The run that the call is of.
    #[must_use]
    pub fn run(&self) -> RunId {
        self.position.run
    }

    /// The turn of its response, from 1.
    #[must_use]
    pub fn turn(&self) -> u32 {
        self.position.turn
    }

    /// Its position in the response, from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.position.index + 1
    }

    /// The id of the call in the model's response.
    #[must_use]
    pub fn id(&self) -> &str {
        self.proposed.id()
    }

    /// The name of the tool.
    #[must_use]
    pub fn name(&self) -> &str {
        self.proposed.name()
    }

    /// The arguments, as the tool will read them. No object has a key twice.
    #[must_use]
    pub fn arguments(&self) -> &Value {
        &self.arguments
    }

    /// What the tool declares to touch.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// Whether the tool is declared `destructive`.
    #[must_use]
    pub fn is_destructive(&self) -> bool {
        self.destructive
    }

    /// A label for people: the tool's name with the beginning of its arguments, in the model's
    /// order, such as `delete(a.md)`.
    #[must_use]
    pub fn label(&self) -> String {
        label(self.proposed.name(), self.proposed.arguments())
    }
}

/// `delete({"path":"a.md"})`
impl fmt::Display for PendingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name(), self.arguments)
    }
}

/// A decision about one call. It applies to this call alone, once.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// The call runs.
    Allow,
    /// The call does not run; the model reads the reason.
    Deny(String),
    /// The [approver](crate::Agent::approve) is asked.
    Ask,
}

impl Decision {
    /// The call does not run; the model reads the reason.
    #[must_use]
    pub fn deny(reason: impl Into<String>) -> Self {
        Self::Deny(reason.into())
    }
}

type Policy = dyn Fn(&PendingCall) -> Decision + Send + Sync;
type Approver = dyn Fn(PendingCall) -> BoxFuture<'static, Decision> + Send + Sync;

/// The policy and the approver of an agent.
#[derive(Clone, Default)]
pub(crate) struct Approval {
    /// Every call is allowed without a decision.
    granted: bool,
    policy: Option<Arc<Policy>>,
    approver: Option<Arc<Approver>>,
}

impl Approval {
    /// Allows every call: for those that the program makes.
    pub(crate) fn granted() -> Self {
        Self { granted: true, ..Self::default() }
    }

    pub(crate) fn set_policy(
        &mut self,
        policy: impl Fn(&PendingCall) -> Decision + Send + Sync + 'static,
    ) {
        self.policy = Some(Arc::new(policy));
    }

    pub(crate) fn set_approver<F, T>(&mut self, approver: F)
    where
        F: Fn(PendingCall) -> T + Send + Sync + 'static,
        T: Future<Output = Decision> + Send + 'static,
    {
        self.approver = Some(Arc::new(move |call| Box::pin(approver(call))));
    }

    /// Whether a call of such a tool needs a decision.
    pub(crate) fn concerns(&self, destructive: bool) -> bool {
        !self.granted && (destructive || self.policy.is_some())
    }

    /// Whether a call of a destructive tool could ever run.
    pub(crate) fn is_possible(&self) -> bool {
        self.policy.is_some() || self.approver.is_some()
    }

    pub(crate) fn decide(&self, call: &PendingCall) -> Decision {
        match &self.policy {
            Some(policy) => policy(call),
            None if call.destructive => Decision::Ask,
            None => Decision::Allow,
        }
    }

    pub(crate) fn ask(&self, call: PendingCall) -> Option<BoxFuture<'static, Decision>> {
        self.approver.as_ref().map(|approver| approver(call))
    }
}
