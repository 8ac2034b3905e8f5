//! A drop and a cancel at every poll of a run.

use agent_core::{
    Agent, Decision, Limits, ModelErrorKind, ParallelToolCalls, RunEnd, StopReason, Transcript,
};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll};

use super::{Told, assert_goes_on, paused, say};
use agent_tests::support::StopAt;
use agent_tests::support::diary::Diary;
use agent_tests::support::dice::Dice;
use agent_tests::support::streamed::{Script, Streamed};

/// Raises a flag before it is polled for the `at`th time, from 0.
struct RaiseAt<F> {
    future: Pin<Box<F>>,
    left: usize,
    flag: Arc<AtomicBool>,
}

impl<F: Future> Future for RaiseAt<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => self.flag.store(true, SeqCst),
        }
        self.future.as_mut().poll(cx)
    }
}

/// Ready at the first poll after the flag was raised.
fn raised(flag: &Arc<AtomicBool>) -> impl Future<Output = ()> + Send + use<> {
    let flag = flag.clone();
    poll_fn(move |_| if flag.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending })
}

fn poke(script: Script, path: &str, ms: u64) -> Script {
    script.call("poke", format!(r#"{{"path":"{path}","ms":{ms}}}"#))
}

fn peek(script: Script, path: &str, ms: u64) -> Script {
    script.call("peek", format!(r#"{{"path":"{path}","ms":{ms}}}"#))
}

/// A response with a named read, writes, a slow tool, and pauses between its pieces.
fn rich(first: &str, second: &str) -> Script {
    let script = Script::new().after(1).thinking("hm").after(1).with_text("I look").after(1);
    let script =
        peek(script, first, 3).after(1).calls("look 12, think 40, polite 4, tell 35").after(1);
    let script = peek(poke(script, first, 6).after(1), first, 5).after(1);
    let script = poke(script.calls("fail 3, nobody 3, hang 9, count 4"), second, 4).after(2);
    script.call("look", "{\"ms\":").after(2).calls("narrow 5, narrow 4").after(3)
}

pub(crate) fn scripts() -> Vec<(&'static str, Vec<Script>)> {
    let plain = || Script::new().calls("look 5, think 9").with_text("so").after(7);
    let large = || {
        let long = "x".repeat(70_000);
        let script = Script::new().calls("look 2, think 3");
        let script = peek(script, &long, 2).calls("look 3");
        peek(poke(script, "c", 5), &long, 4).calls("look 4").with_text("so").after(6)
    };
    vec![
        ("two responses", vec![rich("a", "b").end(), poke(plain(), "c", 5).after(4).end()]),
        (
            "retries",
            vec![
                rich("a", "b").with_text("so").breaks(),
                rich("a", "b").with_text("so").after(20).breaks_for(30),
                rich("a", "b").with_text("so").after(20).end(),
                plain().end(),
            ],
        ),
        ("no retry", vec![plain().fails(ModelErrorKind::Request), rich("a", "b").end()]),
        ("a cut", vec![rich("a", "b").stop(StopReason::MaxTokens)]),
        ("a pause", vec![rich("a", "b").stop(StopReason::Paused), poke(plain(), "c", 3).end()]),
        ("an end with calls", vec![plain().calls("save 5").stop(StopReason::EndTurn)]),
        ("fatal", vec![rich("a", "b").calls("end 20, save 5").end()]),
        ("large", vec![large().breaks_for(10), large().end()]),
        ("destructive", vec![plain().calls("wipe 5, look 5, save 3").after(3).end()]),
    ]
}

/// Responses by chance, some of which break at first.
pub(crate) fn by_chance(seed: u64) -> Vec<Script> {
    let (mut dice, mut paths) = (Dice::new(seed), ["a", "b", "c"].into_iter());
    let mut scripts = Vec::new();
    for _ in 0..2 {
        let mut script = Script::new().after(1).with_text("so");
        for _ in 0..3 + dice.roll(5) {
            let ms = u64::try_from(1 + dice.roll(20)).unwrap();
            let wait = u64::try_from(dice.roll(6)).unwrap();
            script = match (dice.roll(12), paths.clone().next()) {
                (0..=2, Some(path)) => {
                    paths.next();
                    poke(script, path, ms)
                }
                (0..=4, _) => peek(script, dice.pick(&["a", "b", "c"]), ms),
                (5, _) => script.with_text("more"),
                _ => {
                    let tools =
                        ["look", "think", "tell", "narrow", "count", "fail", "polite", "hang"];
                    script.calls(&format!("{} {ms}", dice.pick(&tools)))
                }
            };
            script = script.after(wait);
        }
        match dice.roll(8) {
            0 => scripts.push(script.clone().with_text("so").after(5).breaks_for(7)),
            1 => scripts.push(script.clone().breaks()),
            2 => scripts.push(script.clone().fails(ModelErrorKind::Request)),
            _ => {}
        }
        scripts.push(script.end());
    }
    scripts
}

pub(crate) type Rule = fn(Agent) -> Agent;

pub(crate) const RULES: [(&str, Rule); 5] = [
    ("free", |agent| agent),
    ("two slots", |agent| agent.concurrency(2)),
    ("one by one", |agent| agent.parallel_tool_calls(ParallelToolCalls::Never)),
    ("late", |agent| agent.eager_calls(false)),
    ("short turns", |agent| {
        agent.limits(
            Limits::default()
                .with_turn_timeout(agent_tests::support::ms(38))
                .with_grace(agent_tests::support::ms(3)),
        )
    }),
];

pub(crate) fn agent(diary: &Arc<Diary>, scripts: &[Script], rule: Rule) -> Agent {
    let agent = Agent::new(Streamed::new(scripts)).tools(diary.all_tools());
    rule(agent.approve(|_| async {
        tokio::time::sleep(agent_tests::support::ms(4)).await;
        Decision::Allow
    }))
}

/// What happens to a run at one of its polls.
#[derive(Debug, Clone, Copy)]
enum Blow {
    Drop,
    DropOfEvents,
    Cancel,
    /// A cancel, and a poll later a drop.
    CancelAndDrop,
}

/// Whether the run ended before.
async fn struck(at: usize, blow: Blow, scripts: &[Script], rule: Rule) -> bool {
    let diary = Diary::new();
    let agent = agent(&diary, scripts, rule);
    let mut chat = agent.conversation(Transcript::default());
    let flag = Arc::default();
    let over = match blow {
        Blow::Drop => StopAt::new(at, chat.send("go")).await.is_some(),
        Blow::DropOfEvents => {
            let mut run = chat.stream("go");
            let watch = async move { while run.next().await.is_some() {} };
            StopAt::new(at, watch).await.is_some()
        }
        Blow::Cancel => {
            let run = chat.send("go").cancel_on(raised(&flag));
            let outcome = RaiseAt { future: Box::pin(run), left: at, flag }.await;
            outcome.is_err() || outcome.is_ok_and(|outcome| outcome.end() != &RunEnd::Cancelled)
        }
        Blow::CancelAndDrop => {
            let run = chat.send("go").cancel_on(raised(&flag));
            let run = RaiseAt { future: Box::pin(run), left: at, flag: flag.clone() };
            // Whether it was over before the cancel.
            StopAt::new(at + 1, run).await.is_some() && !flag.load(SeqCst)
        }
    };
    assert_goes_on(&mut chat, &diary).await;
    over
}

/// Strikes at every poll of each script under each rule. How many polls these were.
fn at_every_poll(blow: Blow) -> usize {
    let mut polls = 0;
    for (name, scripts) in scripts() {
        for (rule_name, rule) in RULES {
            polls += at_each(&format!("{name}, {rule_name}"), blow, &scripts, rule);
        }
    }
    for seed in 0..50 {
        let (rule_name, rule) = RULES[usize::try_from(seed).unwrap() % RULES.len()];
        polls += at_each(&format!("seed {seed}, {rule_name}"), blow, &by_chance(seed), rule);
    }
    say(&format!("{blow:?}: {polls} polls, no violation"));
    polls
}

fn at_each(name: &str, blow: Blow, scripts: &[Script], rule: Rule) -> usize {
    let mut polls = 0;
    loop {
        let guard = Told(format!("{name}, {blow:?} at poll {polls}"));
        let over = paused().block_on(struck(polls, blow, scripts, rule));
        std::mem::forget(guard);
        if over {
            return polls;
        }
        polls += 1;
    }
}

#[test]
fn a_drop_at_every_poll_leaves_a_chat_that_goes_on() {
    let polls = at_every_poll(Blow::Drop) + at_every_poll(Blow::DropOfEvents);
    assert!(polls >= 4000, "{polls}");
}

#[test]
fn a_cancel_at_every_poll_leaves_a_chat_that_goes_on() {
    let polls = at_every_poll(Blow::Cancel);
    assert!(polls >= 1500, "{polls}");
}

#[test]
fn a_drop_soon_after_a_cancel_at_every_poll_leaves_a_chat_that_goes_on() {
    let polls = at_every_poll(Blow::CancelAndDrop);
    assert!(polls >= 1500, "{polls}");
}
