//! Runs that are cancelled, and runs whose time is over.

mod approvals;
mod asking;
mod calls;
mod deadlines;
mod later;
mod many;
mod nested;
mod served;
mod timers;
mod within;

use agent_core::{Agent, Conversation, Outcome, RunEnd, Transcript};
use agent_tests::support::diary::{Diary, assert_quiet};
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::{ms, once, plan, saved};
use std::sync::Arc;
use tokio::time::{Instant, sleep};

/// An agent that streams these answers.
fn agent(diary: &Arc<Diary>, scripts: impl Into<Arc<[Script]>>) -> Agent {
    Agent::new(Streamed::new(scripts)).tools(diary.tools())
}

/// An agent that makes these calls at once.
fn making(diary: &Arc<Diary>, calls: &str) -> Agent {
    Agent::new(once(plan(calls))).tools(diary.tools())
}

/// Runs until it is cancelled after this time. Returned beside it: when it ended.
async fn cancelled_at(time: u64, diary: &Arc<Diary>, agent: &Agent) -> (Outcome, u64) {
    let began = Instant::now();
    let mut chat = agent.conversation(Transcript::default());
    let outcome = chat.send("go").cancel_on(sleep(ms(time))).await.unwrap();
    let ended = agent_tests::support::whole_ms(began.elapsed());
    assert_eq!(outcome.end(), &RunEnd::Cancelled);
    assert_eq!(outcome.transcript(), chat.transcript());
    assert_quiet(diary).await;
    goes_on(&mut chat).await;
    (outcome, ended)
}

/// The chat is valid, can be saved, and goes on.
async fn goes_on(chat: &mut Conversation) {
    saved(chat.transcript());
    let outcome = chat.send("go on").await.unwrap();
    assert_eq!((outcome.end(), outcome.text().as_str()), (&RunEnd::Done, "done"));
    let calls: usize = outcome.transcript().responses().map(|r| r.calls().count()).sum();
    assert_eq!(outcome.transcript().results().count(), calls);
}
