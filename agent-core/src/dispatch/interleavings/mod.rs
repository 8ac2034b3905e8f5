//! Random batches under shuttle's schedulers, which choose at each use of a lock, a task or the time
//! who goes on:
//!
//! `RUSTFLAGS="--cfg shuttle" cargo test -p agent-core --no-default-features --lib interleavings`
//!
//! A schedule that fails is printed. `AGENT_SCHEDULES` says how many each scheduler explores, and
//! `SHUTTLE_RANDOM_SEED` which.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, reason = "a test")]
#![allow(
    unused_parens,
    clippy::allow_attributes_without_reason,
    reason = "`tools!` is expanded in its own crate here"
)]

mod watch;
mod work;

use serde_json::json;
use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, MaxSteps, Runner};
use std::future::Future;
use std::io::Write;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use self::watch::{Mood, Op, Watch};
use self::work::{ALL, Store, toolset};
use crate::dispatch::batch::Batch;
use crate::dispatch::rules::Rules;
use crate::log::run_id::RunId;
use crate::log::step::Step;
use crate::rules::approval::{Approval, Decision};
use crate::rules::limits::Limits;
use crate::rules::stop::StopSignal;
use crate::schedule::queue::CallSlots;
use crate::schedule::slots::Slots;
use crate::sync::{Handle, Instant, JoinHandle, yield_now};
use crate::toolset::Toolset;
use crate::transcript::{CallStatus, ToolCall, ToolResult};

/// Some runs of one agent, at the same time.
struct Scene {
    store: Arc<Store>,
    toolset: Toolset,
    slots: Option<(usize, Arc<CallSlots>)>,
    limits: Limits,
    one_by_one: bool,
    approval: Approval,
}

impl Scene {
    /// Up to three runs with up to four calls each. Some of the calls of a run end in one of its moods.
    fn random(
        tools: &[&'static str],
        moods: fn(usize) -> &'static [Mood],
        timeout: Duration,
    ) -> Arc<Self> {
        let mut dice = thread_rng();
        let runs = dice.gen_range(1..=3);
        let mut ops = Vec::new();
        for run in 0..runs {
            for _ in 0..dice.gen_range(1..=4) {
                ops.push(random_op(run, tools, moods(run)));
            }
        }
        Self::new(ops, dice.gen_range(0..=3), timeout)
    }

    /// These calls, of which so many run at the same time; 0 for any number.
    fn new(ops: Vec<Op>, slots: usize, timeout: Duration) -> Arc<Self> {
        let slots = (slots > 0).then(|| (slots, Slots::new(slots)));
        let runs = ops.last().map_or(0, |op| op.run + 1);

        let mut approval = Approval::default();
        let allowed: Vec<_> = ops.iter().map(|op| op.allowed).collect();
        approval.set_approver(move |call| {
            let n = call.arguments()["n"].as_u64().and_then(|n| usize::try_from(n).ok());
            let allowed = allowed[n.unwrap()];
            async move {
                yield_now().await;
                if allowed { Decision::Allow } else { Decision::deny("no") }
            }
        });

        let store = Arc::new(Store::default());
        let toolset = toolset(&store);
        *store.own.0.lock().unwrap() = Some(toolset.clone());
        store.watch.see(|seen| {
            seen.results = vec![Vec::new(); ops.len()];
            seen.ops = ops;
            seen.over = vec![false; runs];
            seen.most = slots.as_ref().map_or(usize::MAX, |(most, _)| *most);
        });
        let limits = Limits::default().with_call_timeout(timeout);
        let one_by_one = thread_rng().gen_bool(0.1);
        Arc::new(Self { store, toolset, slots, limits, one_by_one, approval })
    }

    fn watch(&self) -> &Watch {
        &self.store.watch
    }

    fn start(self: &Arc<Self>) -> Vec<JoinHandle<()>> {
        let runs = self.watch().see(|seen| seen.over.len());
        (0..runs).map(|run| Handle::current().spawn(self.clone().run(run))).collect()
    }

    async fn run(self: Arc<Self>, run: usize) {
        struct Over<'a>(&'a Watch, usize);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                self.0.see(|seen| seen.over[self.1] = true);
            }
        }
        for _ in 0..rests() {
            yield_now().await;
        }
        let ops = self.watch().see(|seen| seen.ops.clone());
        let ops: Vec<_> = ops.into_iter().enumerate().filter(|(_, op)| op.run == run).collect();
        let calls: Vec<_> = ops.iter().map(|(n, op)| call(*n, *op)).collect();
        let mut put = |index: usize, result: ToolResult| {
            self.watch().see(|seen| {
                seen.results[ops[index].0].push(result.status());
                seen.told += usize::from(result.text().contains("still busy with"));
            });
        };
        // Dropped after the batch.
        let over = Over(self.watch(), run);
        let rules = Rules {
            toolset: self.toolset.clone(),
            limits: self.limits.clone(),
            slots: self.slots.as_ref().map(|(_, slots)| slots.clone()),
            approval: self.approval.clone(),
            one_by_one: self.one_by_one,
            watched: thread_rng().gen_bool(0.5),
            run: RunId::numbered(u64::try_from(run).unwrap()),
            turn: 1,
            attempt: 1,
            parent: None,
            began: Instant::now(),
            runtime: Handle::current(),
            key: None,
        };
        let batch = Box::new(Batch::new(rules, 0));
        let calls: Vec<_> = calls.iter().collect();
        let mut stop = StopSignal::never();
        batch.seal(&calls, &mut stop, &mut |_: &Step<'_>| {}, &mut put).await;
        drop(over);
    }

    /// Waits until nothing is held any more, a moment after the last result.
    async fn let_go(&self) {
        let limited = [("few", 2), ("one", 1)].map(|(name, most)| {
            let tool = self.toolset.find(name).unwrap();
            (most, tool.slots.clone().unwrap())
        });
        let all_slots: Vec<_> = limited.into_iter().chain(self.slots.clone()).collect();
        for _ in 0..1000 {
            let ledger = self.toolset.shared_ledger().lock().unwrap().is_empty();
            let slots = all_slots.iter().all(|(most, slots)| {
                let free = (0..=*most).filter(|_| slots.take(|| None)).count();
                (0..free).for_each(|_| assert!(slots.pass_on().is_none(), "one waits for a slot"));
                assert!(free <= *most, "there are more slots than before");
                free == *most
            });
            if ledger && slots {
                return;
            }
            yield_now().await;
        }
        let ledger = self.toolset.shared_ledger().lock().unwrap().counts();
        let seen = self.watch().see(|seen| {
            let ops = seen.ops.iter().zip(&seen.results).enumerate();
            let ops = ops.map(|(n, (op, result))| format!("{n} {op:?} {result:?}"));
            (ops.collect::<Vec<_>>(), seen.began.clone(), seen.over.clone())
        });
        panic!("a claim or a slot is left: {ledger:?} {seen:#?}");
    }

    /// What is so after every schedule. `undisturbed` runs are those of which no call is stopped.
    async fn check(&self, undisturbed: impl Fn(usize) -> bool) {
        self.let_go().await;
        self.store.own.0.lock().unwrap().take();
        let (one_by_one, watch) = (self.one_by_one, self.watch());
        watch.see(|seen| {
            assert!(seen.faults.is_empty(), "{:#?}", seen.faults);
            let when = |n: usize| seen.began.iter().position(|began| *began == n);
            for (n, op) in seen.ops.iter().enumerate() {
                let (results, began) = (&*seen.results[n], when(n).is_some());
                if !seen.over[op.run] {
                    assert_eq!((results, began), (&[][..], false), "dropped before it was polled");
                    continue;
                }
                let [status] = *results else { panic!("{op:?}: {results:?}") };
                assert!(!began || status != CallStatus::NotRun, "{op:?} began");
                let completes = op.mood == Mood::Good && began;
                assert!(completes || status != CallStatus::Completed, "{op:?} is not completed");
                if undisturbed(op.run) {
                    let expected = match op.mood {
                        _ if op.tool == "wipe" && !op.allowed => CallStatus::NotRun,
                        Mood::Good => CallStatus::Completed,
                        _ => CallStatus::Failed,
                    };
                    assert_eq!(status, expected, "{op:?}");
                }
            }
            // What waits for a decision, or for the call before it, is admitted by itself.
            let together = !one_by_one && seen.ops.iter().all(|op| op.tool != "wipe");
            let mut first_runs = vec![None; seen.over.len().pow(2)];
            for (i, one) in seen.ops.iter().enumerate() {
                for (j, other) in seen.ops.iter().enumerate().skip(i + 1) {
                    let (Some(first), Some(second)) = (when(i), when(j)) else { continue };
                    if !one.conflicts_with(*other) {
                        continue;
                    }
                    let in_order = first < second;
                    if one.run == other.run {
                        assert!(in_order, "{other:?} overtook {one:?}");
                    } else if together {
                        let first = &mut first_runs[one.run * seen.over.len() + other.run];
                        let of_others = *first.get_or_insert(in_order);
                        assert_eq!(
                            in_order, of_others,
                            "{one:?}, {other:?}: a run between another"
                        );
                    }
                }
            }
        });
    }
}

fn random_op(run: usize, tools: &[&'static str], moods: &[Mood]) -> Op {
    let mut dice = thread_rng();
    let tool = tools[dice.gen_range(0..tools.len())];
    let path = ["a", "a/x", "a/y", "b"][dice.gen_range(0..4)];
    let mood = moods[dice.gen_range(0..moods.len())];
    // Only who awaits something can wait for ever.
    let possible = mood != Mood::Hangs || !["save", "send", "within"].contains(&tool);
    let mood = if possible && dice.gen_bool(0.3) { mood } else { Mood::Good };
    Op { run, tool, path, rests: rests(), mood, allowed: dice.gen_bool(0.7) }
}

/// Mostly few.
fn rests() -> usize {
    [0, 0, 1, 2, 8][thread_rng().gen_range(0..5)]
}

fn call(n: usize, op: Op) -> ToolCall {
    let arguments = match op.tool {
        "think" | "look" | "poke" | "stock" | "order" | "recall" | "note" => json!({ "n": n }),
        _ => json!({ "n": n, "path": op.path }),
    };
    ToolCall::new(format!("call_{n}"), op.tool, arguments.to_string())
}

/// Runs a test under so many schedules of either kind: random at each step, and with few changes of
/// who goes first.
fn explore<T: Future<Output = ()> + 'static>(name: &str, test: fn() -> T) {
    let told = std::env::var("AGENT_SCHEDULES").ok();
    let schedules = told.map_or(2_000, |told| told.parse().expect("a number of schedules"));
    let mut config = Config::new();
    config.stack_size = 1 << 18;
    config.max_steps = MaxSteps::FailAfter(100_000);

    let explored = Arc::new(AtomicUsize::new(0));
    let count = explored.clone();
    let run = move || {
        count.fetch_add(1, Ordering::Relaxed);
        shuttle::future::block_on(test());
    };
    let ended = catch_unwind(|| {
        let random = RandomScheduler::new_from_seed(1, schedules);
        Runner::new(random, config.clone()).run(run.clone());
        Runner::new(PctScheduler::new_from_seed(1, 4, schedules), config).run(run);
    });
    let explored = explored.load(Ordering::Relaxed);
    _ = writeln!(std::io::stderr(), "{name}: {explored} schedules");
    ended.unwrap_or_else(|failed| resume_unwind(failed));
}

#[test]
fn every_call_gets_one_result_and_none_overtakes() {
    explore("batches", || async {
        let scene = Scene::random(&ALL, |_| &[Mood::Fails, Mood::Panics], Duration::MAX);
        for run in scene.start() {
            run.await.unwrap();
        }
        scene.check(|_| true).await;
    });
}

#[test]
fn nothing_of_a_dropped_run_goes_on_or_holds_up_others() {
    explore("a dropped run", || async {
        let moods = |run| -> &[Mood] { if run == 0 { &[Mood::Hangs] } else { &[Mood::Panics] } };
        let scene = Scene::random(&ALL, moods, Duration::MAX);
        let mut runs = scene.start();
        let dropped = runs.remove(0);
        for _ in 0..thread_rng().gen_range(0..16) {
            yield_now().await;
        }
        dropped.abort();
        _ = dropped.await;
        for run in runs {
            run.await.unwrap();
        }
        scene.check(|run| run != 0).await;
    });
}

#[test]
fn a_fatal_error_ends_its_run_and_no_other() {
    explore("a fatal error", || async {
        let moods = |run| -> &[Mood] { if run == 0 { &[Mood::Fatal] } else { &[Mood::Panics] } };
        let scene = Scene::random(&ALL, moods, Duration::MAX);
        for run in scene.start() {
            run.await.unwrap();
        }
        let fatal = scene.watch().see(|seen| seen.ops.iter().any(|op| op.mood == Mood::Fatal));
        scene.check(|run| run != 0 || !fatal).await;
    });
}

#[test]
fn a_call_that_outlives_its_timeout_keeps_its_claims() {
    explore("timeouts", || async {
        let tools = ["save", "send", "edit", "cat", "one", "within"];
        let moods = |_| &[Mood::Hangs, Mood::Fails][..];
        let scene = Scene::random(&tools, moods, Duration::from_secs(1));
        for run in scene.start() {
            run.await.unwrap();
        }
        scene.check(|_| false).await;
    });
}

#[test]
fn who_waits_for_a_call_that_does_not_end_is_answered_or_runs() {
    static TOLD: AtomicUsize = AtomicUsize::new(0);
    explore("patience", || async {
        let first = Op { rests: 40, ..random_op(0, &["save"], &[Mood::Good]) };
        let mut ops = vec![first];
        for run in [1, 1, 2] {
            let op = random_op(run, &["save", "edit", "cat"], &[Mood::Good]);
            ops.push(Op { path: first.path, ..op });
        }
        let scene = Scene::new(ops, 0, Duration::from_secs(1));
        for run in scene.start() {
            run.await.unwrap();
        }
        TOLD.fetch_add(scene.watch().see(|seen| seen.told), Ordering::Relaxed);
        scene.check(|_| false).await;
    });
    assert!(TOLD.load(Ordering::Relaxed) > 0, "nobody was told that a call is still busy");
}
