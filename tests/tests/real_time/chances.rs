//! Drops and cancels at random moments on many threads.

use agent_core::{Agent, Limits, RunEnd, StopReason, Transcript};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use super::say;
use agent_tests::support::diary::Diary;
use agent_tests::support::dice::Dice;
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::{ms, saved};

const ROUNDS: u64 = 600;

async fn later(time: u64, turns: usize) {
    if time > 0 {
        sleep(ms(time)).await;
    }
    for _ in 0..turns {
        yield_now().await;
    }
}

fn script(dice: &mut Dice) -> Vec<Script> {
    let calls = "look 0, think 0, narrow 0, save 0, look 0, tell 0, fail 0, count 0, narrow 0";
    let one = || Script::new().calls(calls).with_text("so");
    let broken = Script::new().calls(calls).after(1).with_text("so").breaks_for(1);
    let cut = Script::new().calls(calls).after(1).stop(StopReason::MaxTokens);
    match dice.roll(4) {
        0 => vec![broken, one().end()],
        1 => vec![cut],
        2 => vec![one().after(1).with_text("and").end(), one().end()],
        _ => vec![one().end(), one().end()],
    }
}

#[test]
fn runs_struck_at_random_moments_leave_a_free_toolset_and_a_valid_chat() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        let (diary, mut dice) = (Diary::new(), Dice::new(7));
        let (tools, mut struck) = (diary.tools(), 0);
        for _ in 0..ROUNDS {
            let agent = Agent::new(Streamed::new(script(&mut dice))).tools(tools.clone());
            let agent =
                agent.concurrency(1 + dice.roll(4)).limits(Limits::default().with_grace(ms(1)));
            let time = u64::try_from(dice.roll(16).saturating_sub(4)).unwrap();
            let (turns, cancels) = (dice.roll(30), dice.roll(2) == 0);
            // On a worker, so that calls run beside it.
            let task = tokio::spawn(async move {
                let mut chat = agent.conversation(Transcript::default());
                let stopped = if cancels {
                    let stop = chat.send("go").cancel_on(later(time, turns)).await;
                    stop.is_ok_and(|outcome| outcome.end() == &RunEnd::Cancelled)
                } else {
                    let run = chat.send("go");
                    tokio::select! {
                        biased;
                        () = later(time, turns) => true,
                        _ = run => false,
                    }
                };
                (chat.into_transcript(), stopped)
            });
            let (transcript, stopped) = timeout(ms(20_000), task).await.unwrap().unwrap();
            saved(&transcript);
            let calls: usize = transcript.responses().map(|r| r.calls().count()).sum();
            assert_eq!(transcript.results().count(), calls);
            struck += usize::from(stopped);
        }
        say(&format!("{struck} of {ROUNDS} runs were struck at random moments"));
        assert!(struck > 100, "{struck}");
        let last = Agent::new(Streamed::new([Script::new().calls("save 0, narrow 0").end()]));
        let outcome = timeout(Duration::from_secs(10), last.tools(tools).run("go")).await;
        assert_eq!(outcome.unwrap().unwrap().end(), &RunEnd::Done);
        for _ in 0..1000 {
            if Handle::current().metrics().num_alive_tasks() == 0 {
                return;
            }
            sleep(ms(1)).await;
        }
        panic!("tasks are left");
    });
}
