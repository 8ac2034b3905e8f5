//! The agent: a model, its tools, and the rules of their runs.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::model::{Model, ParallelToolCalls, ToolChoice};
use crate::rules::approval::{Approval, Decision, PendingCall};
use crate::rules::limits::Limits;
use crate::schedule::queue::CallSlots;
use crate::schedule::slots::Slots;
use crate::toolset::Toolset;

/// Runs a model with tools.
///
/// All tool calls of a response run together where what they declare to touch allows it, and in
/// the model's order where it does not. Each call gets exactly one result; all results go back in
/// one batch, in call order. Cloning shares model, tools and limits on concurrency.
///
/// # Examples
///
/// ```
/// use agent_core::{Agent, Response, ScriptedModel, tool, tools};
///
/// /// Add two numbers.
/// #[tool(pure)]
/// fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), agent_core::RunError> {
/// let model = ScriptedModel::new()
///     .turn(|_| Response::new().call("add", r#"{"a":1,"b":2}"#).call("add", r#"{"a":3,"b":4}"#))
///     .turn(|request| {
///         let sums: Vec<_> = request.results().iter().map(|sum| sum.text()).collect();
///         Response::new().with_text(format!("The sums are {}.", sums.join(" and ")))
///     });
/// let outcome = Agent::new(model).tools(tools![add]).run("1 + 2 and 3 + 4?").await?;
/// assert_eq!(outcome.text(), "The sums are 3 and 7.");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Agent {
    pub(crate) inner: Arc<AgentInner>,
}

#[derive(Clone)]
pub(crate) struct AgentInner {
    pub(crate) model: Arc<dyn Model>,
    pub(crate) toolset: Toolset,
    pub(crate) system: Option<Arc<str>>,
    pub(crate) choice: ToolChoice,
    pub(crate) parallel: ParallelToolCalls,
    pub(crate) max_turns: u32,
    pub(crate) limits: Limits,
    pub(crate) slots: Option<Arc<CallSlots>>,
    pub(crate) approval: Approval,
    pub(crate) eager_calls: bool,
}

impl Agent {
    /// An agent without tools.
    pub fn new(model: impl Model + 'static) -> Self {
        let inner = AgentInner {
            model: Arc::new(model),
            toolset: Toolset::default(),
            system: None,
            choice: ToolChoice::Auto,
            parallel: ParallelToolCalls::Auto,
            max_turns: 50,
            limits: Limits::default(),
            slots: None,
            approval: Approval::default(),
            eager_calls: true,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Its own, if others share it now.
    fn inner_mut(&mut self) -> &mut AgentInner {
        Arc::make_mut(&mut self.inner)
    }

    /// Sets the tools: a [`Toolset`], or a list that borrows nothing (`tools![..]`). It replaces those
    /// set before; [`Toolset::and`] joins.
    #[must_use]
    pub fn tools(mut self, tools: impl Into<Toolset>) -> Self {
        self.inner_mut().toolset = tools.into();
        self
    }

    /// Sets the system prompt.
    #[must_use]
    pub fn system(mut self, prompt: impl Into<Arc<str>>) -> Self {
        self.inner_mut().system = Some(prompt.into());
        self
    }

    /// Sets how often the model may answer in a run; 50 unless set, at least 1.
    #[must_use]
    pub fn max_turns(mut self, turns: u32) -> Self {
        self.inner_mut().max_turns = turns;
        self
    }

    /// Sets how many calls run at the same time in all runs of this agent; no limit unless set.
    ///
    /// A call that is ready never waits while a slot is free.
    #[must_use]
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.inner_mut().slots = Some(Slots::new(calls));
        self
    }

    /// Sets whether the model may make several calls in a response; see [`ParallelToolCalls`].
    #[must_use]
    pub fn parallel_tool_calls(mut self, parallel: ParallelToolCalls) -> Self {
        self.inner_mut().parallel = parallel;
        self
    }

    /// Sets whether the model must call a tool, or which, in every response; see [`ToolChoice`].
    #[must_use]
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.inner_mut().choice = choice;
        self
    }

    /// Sets who is asked about calls of `destructive` tools, and about those for which the
    /// [policy](Self::policy) asks.
    ///
    /// Meanwhile the call claims nothing, and holds back only later calls of its response that conflict
    /// with it. Several may be asked at the same time, and answered in any order. An answer is for this
    /// one call; a denied call's result says so, with the reason. A panic is a no.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Agent, Decision, PendingCall, Response, ScriptedModel, tool, tools};
    ///
    /// /// Delete a file.
    /// #[tool(destructive)]
    /// fn delete(path: &str) -> std::io::Result<()> {
    ///     std::fs::remove_file(path)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), agent_core::RunError> {
    /// let model = ScriptedModel::new()
    ///     .turn(|_| Response::new().call("delete", r#"{"path": "a.md"}"#))
    ///     .turn(|request| Response::new().with_text(request.results()[0].text()));
    /// let agent = Agent::new(model).tools(tools![delete]).approve(|call: PendingCall| async move {
    ///     // Ask on a terminal, in a chat, by a web page ..
    ///     Decision::deny(format!("{call} may not run today"))
    /// });
    /// let said = agent.run("Delete a.md").await?.text();
    /// assert_eq!(said, r#"denied: delete({"path":"a.md"}) may not run today"#);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn approve<F, T>(mut self, approver: F) -> Self
    where
        F: Fn(PendingCall) -> T + Send + Sync + 'static,
        T: Future<Output = Decision> + Send + 'static,
    {
        self.inner_mut().approval.set_approver(approver);
        self
    }

    /// Sets what decides over every call whose arguments could be read, before it runs.
    ///
    /// Without one, calls of `destructive` tools are asked about and all others allowed. It is called in
    /// the model's order, and should not block. A panic is a no. As it decides when a response has ended
    /// well, no call [begins early](Self::eager_calls) where there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Agent, Decision, PendingCall, ScriptedModel};
    ///
    /// let agent = Agent::new(ScriptedModel::new()).policy(|call: &PendingCall| {
    ///     match call.arguments()["path"].as_str() {
    ///         Some(path) if path.starts_with("/etc") => Decision::deny("not there"),
    ///         _ if call.is_destructive() => Decision::Ask,
    ///         _ => Decision::Allow,
    ///     }
    /// });
    /// # _ = agent;
    /// ```
    #[must_use]
    pub fn policy(
        mut self,
        policy: impl Fn(&PendingCall) -> Decision + Send + Sync + 'static,
    ) -> Self {
        self.inner_mut().approval.set_policy(policy);
        self
    }

    /// Sets what a run may use up.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.inner_mut().limits = limits;
        self
    }

    /// Sets whether calls that are declared to read, or to be `pure`, begin while their response is still
    /// being written; they do unless it is set to false.
    ///
    /// Nothing that writes ever does, and no call over which somebody decides: with a
    /// [policy](Self::policy), none. What has begun of a response that fails is stopped. A
    /// [fatal](crate::ToolError::fatal) error of a call that began early ends the run when its response has
    /// ended.
    #[must_use]
    pub fn eager_calls(mut self, early: bool) -> Self {
        self.inner_mut().eager_calls = early;
        self
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("toolset", &self.inner.toolset)
            .field("max_turns", &self.inner.max_turns)
            .field("limits", &self.inner.limits)
            .finish_non_exhaustive()
    }
}
