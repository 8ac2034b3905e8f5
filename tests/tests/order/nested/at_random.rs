//! Conversations on one toolset whose calls run agents on it, wait for humans, and are dropped.

use agent_core::{
    Agent, CallStatus, Decision, Limits, Lock, Response, RunError, ScriptedModel, State, Toolset,
    Transcript, tool, tools,
};
use futures::future::{join_all, pending};
use serde_json::json;
use std::io::{Write, stderr};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use agent_tests::support::dice::Dice;
use agent_tests::support::{ms, once, saved};

#[derive(Default)]
struct Ground {
    /// The agent that calls run.
    inner: OnceLock<Agent>,
    /// How many bodies have begun, and how many ended.
    began: AtomicU64,
    ended: AtomicU64,
    /// How many calls of runs within calls were made, and how many refused.
    within: AtomicU64,
    refused: AtomicU64,
}

#[derive(Default)]
struct Notes;

#[derive(State, Default)]
struct App {
    ground: Ground,
    #[lend(mut Notes)]
    notes: Lock<Notes>,
}

impl Ground {
    async fn work(&self, ms: u64) {
        self.began.fetch_add(1, Relaxed);
        sleep(Duration::from_millis(ms)).await;
        self.ended.fetch_add(1, Relaxed);
    }

    /// Runs an agent, after some work.
    async fn delegate(&self, ms: u64) -> Result<usize, RunError> {
        self.work(ms).await;
        let outcome = self.inner.get().unwrap().run("go").await?;
        for result in outcome.transcript().results() {
            let refused = result.text().starts_with(NOT_COVERED);
            let count = if refused { &self.refused } else { &self.within };
            count.fetch_add(1, Relaxed);
        }
        Ok(outcome.transcript().results().count())
    }

    fn bodies(&self) -> (u64, u64) {
        (self.began.load(Relaxed), self.ended.load(Relaxed))
    }
}

/// See all.
#[tool(read)]
async fn see(ground: &Ground, ms: u64) {
    ground.work(ms).await;
}

/// Save all.
#[tool(write)]
async fn save(ground: &Ground, ms: u64) {
    ground.work(ms).await;
}

/// Read a file.
#[tool(read(file = path))]
async fn get(ground: &Ground, path: PathBuf, ms: u64) -> String {
    ground.work(ms).await;
    path.display().to_string()
}

/// Write a file.
#[tool(write(file = path))]
async fn put(ground: &Ground, path: PathBuf, ms: u64) -> String {
    ground.work(ms).await;
    path.display().to_string()
}

/// Delete a file.
#[tool(destructive, write(file = path))]
async fn delete(ground: &Ground, path: PathBuf, ms: u64) -> String {
    ground.work(ms).await;
    path.display().to_string()
}

/// Take a note.
#[tool(pure)]
async fn note(ground: &Ground, _notes: &Notes, ms: u64) {
    ground.work(ms).await;
}

/// Change the notes.
#[tool]
async fn renote(ground: &Ground, _notes: &mut Notes, ms: u64) {
    ground.work(ms).await;
}

/// Run an agent that may do all.
#[tool(write)]
async fn all(ground: &Ground, ms: u64) -> Result<usize, RunError> {
    ground.delegate(ms).await
}

/// Run an agent that may read all.
#[tool(read)]
async fn reading(ground: &Ground, ms: u64) -> Result<usize, RunError> {
    ground.delegate(ms).await
}

/// Run an agent that may write in a folder.
#[tool(write(file = path))]
async fn within(ground: &Ground, path: PathBuf, ms: u64) -> Result<usize, RunError> {
    ground.delegate(ms).await.inspect(|_| _ = path)
}

fn tools(app: &Arc<App>) -> Toolset {
    tools![see, save, get, put, delete, note, renote, all, reading, within]
        .with_state_arc(app.clone())
}

/// At most so many random calls; one of four runs an agent.
fn calls(dice: &mut Dice, most: usize) -> Response {
    (0..=dice.roll(most)).fold(Response::new(), |response, _| {
        let name = match dice.roll(4) {
            0 => dice.pick(&["all", "reading", "within"]),
            _ => dice.pick(&["see", "save", "get", "put", "delete", "note", "renote"]),
        };
        let ms = [0, 1, 5, 20][dice.roll(4)];
        let arguments = match name {
            "get" | "put" | "delete" | "within" => {
                json!({"path": dice.pick(&["a", "a/x", "b"]), "ms": ms})
            }
            _ => json!({ "ms": ms }),
        };
        response.call(name, arguments.to_string())
    })
}

/// What makes random calls in the first response of each run.
fn caller(dice: Dice) -> ScriptedModel {
    let dice = Mutex::new(dice);
    let model = ScriptedModel::new().turn(move |_| calls(&mut dice.lock().unwrap(), 3));
    model.turn(|_| Response::new().with_text("done"))
}

/// An agent with somebody who answers after a while, or never.
fn agent(model: ScriptedModel, tools: &Toolset, answers: Option<(u64, bool)>) -> Agent {
    let limits = Limits::default().with_call_timeout(Duration::from_secs(60));
    Agent::new(model).tools(tools.clone()).limits(limits).approve(move |_| async move {
        let Some((after, allowed)) = answers else { return pending().await };
        sleep(ms(after)).await;
        if allowed { Decision::Allow } else { Decision::deny("no") }
    })
}

const NOT_COVERED: &str = "this call runs within another one";

/// What a conversation has for its calls.
fn check(transcript: &Transcript, dropped: bool) {
    saved(transcript);
    for result in transcript.results() {
        let expected = match result.status() {
            CallStatus::Completed | CallStatus::NotRun => true,
            CallStatus::Failed => result.text().starts_with(NOT_COVERED),
            CallStatus::Interrupted => dropped,
            _ => false,
        };
        assert!(expected, "{result:?}");
    }
}

/// How many conversations there were, how many of them were dropped, and how many calls of runs within
/// calls were made and refused.
async fn converse(dice: &mut Dice) -> [u64; 4] {
    let app = Arc::new(App::default());
    let tools = tools(&app);
    let inner = agent(caller(Dice::new(dice.roll(1 << 30) as u64)), &tools, Some((3, true)));
    assert!(app.ground.inner.set(inner).is_ok());
    let chats = (0..2 + dice.roll(3)).map(|_| {
        let dropped = [None, Some(dice.roll(60) as u64)][dice.roll(2)];
        let answers = match dice.roll(3) {
            0 if dropped.is_some() => None,
            roll => Some((7 * roll as u64, dice.roll(3) > 0)),
        };
        let agent = agent(once(calls(dice, 6)), &tools, answers);
        let agent = if dice.roll(2) == 0 { agent } else { agent.concurrency(1 + dice.roll(2)) };
        async move {
            let mut chat = agent.conversation(Transcript::default());
            let ended = match dropped {
                Some(after) => timeout(ms(after), chat.send("go")).await.ok(),
                None => Some(chat.send("go").await),
            };
            let dropped = ended.map(|outcome| outcome.unwrap()).is_none();
            check(chat.transcript(), dropped);
            dropped
        }
    });
    let chats: Vec<_> = chats.collect();
    // Nobody waits for a human who does not answer, nor for itself.
    let dropped = timeout(Duration::from_secs(50), join_all(chats)).await.unwrap();

    // What runs within a call is stopped when that call is, which is in the next turns of the runtime.
    for _ in 0..100 {
        yield_now().await;
    }
    let bodies = app.ground.bodies();
    sleep(Duration::from_secs(100)).await;
    assert_eq!(app.ground.bodies(), bodies, "what runs late");
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    let last = agent(once(Response::new().call("save", r#"{"ms":5}"#)), &tools, None);
    assert_eq!(last.run("go").await.unwrap().elapsed(), ms(5), "the toolset is free");
    let dropped: Vec<_> = dropped.into_iter().map(u64::from).collect();
    let Ground { within, refused, .. } = &app.ground;
    [dropped.len() as u64, dropped.iter().sum(), within.load(Relaxed), refused.load(Relaxed)]
}

#[test]
fn whatever_nests_waits_and_is_dropped_all_of_it_ends_and_nothing_runs_late() {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let mut all = [0; 4];
    for seed in 0..3_000 {
        let run = || runtime.block_on(converse(&mut Dice::new(seed)));
        let counts = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
            eprintln!("the seed is {seed}");
            resume_unwind(panic)
        });
        all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
    }
    let [conversations, dropped, within, refused] = all;
    let told = format!("{conversations} conversations, {dropped} of them dropped");
    writeln!(stderr(), "{told}, with {within} calls within calls, and {refused} refused").unwrap();
    assert!(dropped > 1_000 && within > 1_000 && refused > 1_000);
}
