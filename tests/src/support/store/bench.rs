//! The tools on a store that is emptied before each run.

use agent_core::{Agent, Decision, Limits, Outcome, Response, Toolset};
use futures::future::join_all;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use super::call::{Call, Mix, Op, Verdict};
use super::{Cells, DECIDING, NOTES, Notes, Script, Store, TALLY, TIMEOUT, Tally, Times, toolset};
use crate::support::dice::Dice;
use crate::support::{ms, once};

impl Dice {
    pub fn times(&mut self, calls: usize) -> Times {
        let mut time = || [0, 0, 1, 2, 5, 11][self.roll(6)];
        (0..calls).map(|_| [time(), time(), 3 * time()]).collect()
    }

    /// A random batch of at most ten calls, the first of which is the `from`th.
    pub fn batch(&mut self, from: usize, allowed: Mix) -> Vec<Call> {
        let calls = 1 + self.roll(10);
        (from..from + calls).map(|n| Call::random(self, n, allowed)).collect()
    }
}

pub fn paused() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

pub fn respond(calls: &[Call]) -> Response {
    calls.iter().fold(Response::new(), |response, call| call.write(response))
}

pub struct Bench {
    store: Arc<Store>,
    tools: Toolset,
    joined: Toolset,
}

impl Bench {
    pub fn new() -> Self {
        let store = Arc::new(Store::default());
        let tools = toolset(&store);
        Self { joined: toolset(&store).order_with(&tools).unwrap(), tools, store }
    }

    pub fn tools(&self) -> &Toolset {
        &self.tools
    }

    /// The same tools on the same store, bound by themselves and joined to the same ledger.
    pub fn joined_tools(&self) -> &Toolset {
        &self.joined
    }

    /// Empties the store, and makes it ready for these calls.
    pub async fn prepare(&self, calls: impl IntoIterator<Item = &Call>, times: &Times) {
        let Store { world, notes, tally, script } = &*self.store;
        *world.0.lock().unwrap() = Cells::default();
        *notes.write().await = Notes::default();
        *tally.write().await = Tally::default();
        let mut ops = vec![None; times.len()];
        for call in calls {
            if let Call::Good(_, op) = call {
                ops[op.n] = Some(*op);
            }
        }
        *script.ops.lock().unwrap() = ops;
        script.times.lock().unwrap().clone_from(times);
        script.began.lock().unwrap().clear();
    }

    pub async fn cells(&self) -> Cells {
        let Store { world, notes, tally, .. } = &*self.store;
        let mut cells = *world.0.lock().unwrap();
        (cells[NOTES], cells[TALLY]) = (notes.read().await.0, tally.read().await.0);
        cells
    }

    pub fn began(&self) -> Vec<usize> {
        self.store.script.began.lock().unwrap().clone()
    }

    /// An agent that decides over these calls as they say.
    pub fn decide(&self, agent: Agent, mut calls: impl Iterator<Item = Call>) -> Agent {
        let store = self.store.clone();
        let limits = Limits::default().with_call_timeout(ms(TIMEOUT));
        let agent = agent.limits(limits).approve(move |call| {
            let op = op(&store.script, &call).unwrap();
            let wait = store.script.time(op.n, DECIDING);
            async move {
                sleep(ms(wait)).await;
                match op.verdict {
                    Verdict::Denied => Decision::deny(format!("{} may not", op.n)),
                    _ => Decision::Allow,
                }
            }
        });
        if !calls.any(Call::needs_policy) {
            return agent;
        }
        let store = self.store.clone();
        agent.policy(move |call| match op(&store.script, call) {
            // What claims nothing reads its arguments when it runs.
            None => Decision::Allow,
            Some(Op { verdict: Verdict::Forbidden, n, .. }) => {
                Decision::deny(format!("{n} may not"))
            }
            Some(Op { verdict: Verdict::Unasked, .. }) if !call.is_destructive() => Decision::Allow,
            Some(_) => Decision::Ask,
        })
    }

    /// Runs a batch on the emptied store; its outcome, and what is in the store then.
    pub async fn run(
        &self,
        calls: &[Call],
        times: &Times,
        slots: Option<usize>,
    ) -> (Outcome, Cells) {
        self.prepare(calls, times).await;
        let agent = Agent::new(once(respond(calls))).tools(self.tools.clone());
        let mut agent = self.decide(agent, calls.iter().copied());
        if let Some(slots) = slots {
            agent = agent.concurrency(slots);
        }
        // Longer than all of its calls one by one.
        let run = timeout(ms(10_000), agent.run("go")).await;
        let outcome = run.unwrap_or_else(|_| panic!("{calls:?} never end")).unwrap();
        (outcome, self.cells().await)
    }

    /// Runs batches beside each other; the first comes to the ledger first.
    pub async fn run_all(&self, batches: &[Vec<Call>], times: &Times) -> Vec<Outcome> {
        self.prepare(batches.iter().flatten(), times).await;
        let runs = batches.iter().map(|calls| {
            let agent = Agent::new(once(respond(calls))).tools(self.tools.clone());
            let agent = self.decide(agent, calls.iter().copied());
            async move { agent.run("go").await.unwrap() }
        });
        join_all(runs).await
    }
}

fn op(script: &Script, call: &agent_core::PendingCall) -> Option<Op> {
    let n = call.arguments()["n"].as_u64()?;
    Some(script.op(usize::try_from(n).unwrap()))
}
