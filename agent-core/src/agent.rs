//! The agent: a model, its tools, and the rules of their runs.

use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use crate::approval::{Approval, Call, Decision};
use crate::context::Around;
use crate::dispatch::{Batch, CallTimes, new_run};
use crate::error::ModelError;
use crate::event::{After, CallRow, Record};
use crate::limits::Limits;
use crate::model::{Listener, Model, Parallel, Request, ToolChoice};
use crate::outcome::{Outcome, Ran, RunError, RunErrorKind, Stop, outcome};
use crate::retry::Pause;
use crate::run::{Done, Fatal, Runtime, drive};
use crate::slots::Slots;
use crate::sync::{Handle, Instant, sleep};
use crate::toolset::{Blocker, CallSlots, Toolset};
use crate::transcript::{Input, Response, ToolCall, Transcript};

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
///         Response::new().text(format!("The sums are {}.", sums.join(" and ")))
///     });
/// let outcome = Agent::new(model).tools(tools![add]).run("1 + 2 and 3 + 4?").await?;
/// assert_eq!(outcome.text(), "The sums are 3 and 7.");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Agent {
    model: Arc<dyn Model>,
    toolset: Toolset,
    system: Option<Arc<str>>,
    choice: ToolChoice,
    parallel: Parallel,
    max_turns: u32,
    limits: Arc<Limits>,
    slots: Option<Arc<CallSlots>>,
    approval: Approval,
}

impl Agent {
    /// An agent without tools.
    pub fn new(model: impl Model + 'static) -> Self {
        Self {
            model: Arc::new(model),
            toolset: Toolset::default(),
            system: None,
            choice: ToolChoice::Auto,
            parallel: Parallel::Auto,
            max_turns: 50,
            limits: Arc::default(),
            slots: None,
            approval: Approval::default(),
        }
    }

    /// Sets the tools: a [`Toolset`], or a list that borrows nothing (`tools![..]`). It replaces those
    /// set before; [`Toolset::and`] joins.
    #[must_use]
    pub fn tools(mut self, tools: impl Into<Toolset>) -> Self {
        self.toolset = tools.into();
        self
    }

    /// Sets the system prompt.
    #[must_use]
    pub fn system(mut self, prompt: impl Into<Arc<str>>) -> Self {
        self.system = Some(prompt.into());
        self
    }

    /// Sets how often the model may answer in a run; 50 unless set, at least 1.
    #[must_use]
    pub fn max_turns(mut self, turns: u32) -> Self {
        self.max_turns = turns;
        self
    }

    /// Sets how many calls run at the same time in all runs of this agent; no limit unless set.
    ///
    /// A call that is ready never waits while a slot is free.
    #[must_use]
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.slots = Some(Slots::new(calls));
        self
    }

    /// Sets whether the model may make several calls in a response; see [`Parallel`].
    #[must_use]
    pub fn parallel(mut self, parallel: Parallel) -> Self {
        self.parallel = parallel;
        self
    }

    /// Sets whether the model must call a tool, or which, in every response; see [`ToolChoice`].
    #[must_use]
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.choice = choice;
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
    /// use agent_core::{Agent, Call, Decision, Response, ScriptedModel, tool, tools};
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
    ///     .turn(|request| Response::new().text(request.results()[0].text()));
    /// let agent = Agent::new(model).tools(tools![delete]).approve(|call: Call| async move {
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
        F: Fn(Call) -> T + Send + Sync + 'static,
        T: Future<Output = Decision> + Send + 'static,
    {
        self.approval.set_approver(approver);
        self
    }

    /// Sets what decides over every call whose arguments could be read, before it runs.
    ///
    /// Without one, calls of `destructive` tools are asked about and all others allowed. It is called in
    /// the model's order, and should not block. A panic is a no.
    ///
    /// # Examples
    ///
    /// ```
    /// use agent_core::{Agent, Call, Decision, ScriptedModel};
    ///
    /// let agent = Agent::new(ScriptedModel::new()).policy(|call: &Call| {
    ///     match call.arguments()["path"].as_str() {
    ///         Some(path) if path.starts_with("/etc") => Decision::deny("not there"),
    ///         _ if call.is_destructive() => Decision::Ask,
    ///         _ => Decision::Allow,
    ///     }
    /// });
    /// # _ = agent;
    /// ```
    #[must_use]
    pub fn policy(mut self, policy: impl Fn(&Call) -> Decision + Send + Sync + 'static) -> Self {
        self.approval.set_policy(policy);
        self
    }

    /// Sets what a run may use up.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Arc::new(limits);
        self
    }

    /// Runs until the model has said all.
    ///
    /// Dropping the future stops the calls that run; nothing starts after that.
    ///
    /// # Errors
    ///
    /// When the model cannot be asked, a tool returned a fatal error, a response is too large, or
    /// there is no tokio runtime. Each carries the transcript so far. What goes wrong in a call is
    /// no error: it is the call's result.
    pub async fn run(&self, input: impl Into<Input> + Send) -> Result<Outcome, RunError> {
        let (mut transcript, mut record) = (Transcript::default(), Record::default());
        let ended = self.advance(&mut transcript, &mut record, Some(input.into())).await;
        outcome(ended, Ran { transcript, before: 0, record })
    }

    /// One run: what is said and what happens goes into `transcript` and `record` as it comes.
    pub(crate) async fn advance(
        &self,
        transcript: &mut Transcript,
        record: &mut Record,
        input: Option<Input>,
    ) -> Result<Stop, RunErrorKind> {
        if Handle::try_current().is_err() {
            return Err(RunErrorKind::NoRuntime);
        }
        if let Some(tool) = self.toolset.destructive()
            && !self.approval.is_possible()
        {
            return Err(RunErrorKind::NoApprover { tool: tool.clone() });
        }
        if let Some(input) = input {
            transcript.push_user(input);
        }
        let around = Around::current();
        let mut runtime = InProcess { agent: self, run: new_run(), around, began: Instant::now() };
        let rules = (self.max_turns, &*self.limits);
        drive(&mut runtime, rules, transcript, &mut |event| record.apply(event)).await
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("toolset", &self.toolset)
            .field("max_turns", &self.max_turns)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// A run in this process, on tokio.
struct InProcess<'a> {
    agent: &'a Agent,
    run: u64,
    /// The call within which it runs, if there is one.
    around: Option<Around>,
    began: Instant,
}

impl Runtime for InProcess<'_> {
    async fn model(&mut self, transcript: &Transcript) -> Result<Response, ModelError> {
        let Agent { model, toolset, system, choice, parallel, limits, .. } = self.agent;
        let request = Request {
            system: system.as_deref(),
            tools: toolset.shared_definitions(),
            choice,
            parallel: *parallel,
            response_limit: limits.response,
            event_limit: limits.event,
            transcript,
            listener: Listener::default(),
        };
        model.ask(request).await
    }

    async fn pause(&mut self, pause: Pause, error: &ModelError) {
        let length = pause.length(chance());
        let (kind, status, request_id) = (error.kind(), error.status(), error.request_id());
        tracing::warn!(?kind, status, request_id, ?length, "the model is asked again");
        // Tokio panics here on a runtime that was built without `enable_time`.
        if let Ok(sleep) = std::panic::catch_unwind(|| sleep(length)) {
            sleep.await;
        }
    }

    async fn calls(
        &mut self,
        turn: u32,
        calls: &[&ToolCall],
        done: &mut Done<'_>,
    ) -> Option<Fatal> {
        let Agent { toolset, limits, slots, parallel, approval, .. } = self.agent;
        let (slots, one_by_one) = (slots.as_ref(), *parallel == Parallel::Never);
        let around = self.around.as_ref();
        let run = self.run;
        let batch = Batch { toolset, limits, slots, approval, one_by_one, run, turn, around };
        let mut sink = |index, result: crate::ToolResult, times| {
            let row = self.row(turn, index, &result, times);
            done(result, row);
        };
        let (index, error) = batch.run(calls, &mut sink).await?;
        Some(Fatal { tool: calls.get(index)?.shared_name(), error })
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

/// From 0 to 1.
fn chance() -> f64 {
    let random = RandomState::new().hash_one(0);
    f64::from(u32::try_from(random >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

impl InProcess<'_> {
    fn row(
        &self,
        turn: u32,
        index: usize,
        result: &crate::ToolResult,
        times: CallTimes,
    ) -> CallRow {
        let since = |time: Instant| time.duration_since(self.began);
        let after = times.after.map(|blocker| match blocker {
            Blocker::Slot => After::Slot,
            Blocker::ToolSlot => After::ToolSlot,
            Blocker::Approval => After::Approval,
            Blocker::Call(call) if call.run == self.run => After::Call(call.turn, call.index),
            Blocker::Call(_) => After::OtherRun,
        });
        CallRow {
            turn,
            index,
            access: times.access,
            silent: times.silent,
            status: result.status(),
            queued: since(times.queued),
            started: times.started.map(since),
            ended: since(times.ended),
            after,
        }
    }
}
