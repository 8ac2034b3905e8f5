//! Watchers that take their time.

use agent_core::{
    Agent, BoxFuture, Ctx, Delta, Event, Model, ModelError, Request, Response, tool, tools,
};
use std::future::poll_fn;
use std::io::Write;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::agent;
use crate::diary::Diary;
use crate::streamed::Script;
use crate::support::{ms, once, plan};
use crate::watched::{watched, words};

/// Past the capture of the test harness.
fn say(line: &str) {
    _ = writeln!(std::io::stderr(), "{line}");
}

/// The next event, if it is there without waiting.
async fn there(run: &mut agent_core::RunStream<'_>) -> Option<Event> {
    let mut next = pin!(run.next());
    poll_fn(|cx| match next.as_mut().poll(cx) {
        Poll::Ready(event) => Poll::Ready(event),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn calls_that_run_go_on_while_nobody_looks_and_so_do_those_behind_them() {
    let diary = Diary::new();
    let agent =
        Agent::new(once(plan("look 100, save 50, look 30, bare 40, save 20"))).tools(diary.tools());
    let mut run = agent.stream("go");
    while words(&run.next().await.unwrap()) != "start 1 look" {}
    sleep(ms(100_000)).await;
    assert_eq!(
        diary.lines(),
        [
            "0 look begins",
            "100 look ends",
            "100 save begins",
            "150 save ends",
            "150 look begins",
            "150 bare begins",
            "180 look ends",
            "190 bare ends",
            "190 save begins",
            "210 save ends",
        ]
    );
    assert_eq!(watched(run).await.stop(), "Done");
}

#[tokio::test(start_paused = true)]
async fn early_calls_go_on_while_nobody_looks() {
    let diary = Diary::new();
    let script = Script::new().calls("narrow 100, narrow 100, narrow 100").text("so").after(5000);
    let mut run = agent(&diary, [script.end()]).stream("go");
    while words(&run.next().await.unwrap()) != "start 1 narrow" {}
    sleep(ms(100_000)).await;
    assert_eq!(diary.when("narrow ends"), Some(100));
    assert_eq!((diary.count("narrow ends"), diary.lines()[5].as_str()), (3, "300 narrow ends"));
    assert_eq!(watched(run).await.stop(), "Done");
}

/// Tell a thousand things.
#[tool(read)]
async fn chatty(call: Ctx, n: u64) -> u64 {
    for step in 0..n {
        call.progress(format!("{step} {}", "x".repeat(10_000)));
        tokio::task::yield_now().await;
    }
    n
}

#[tokio::test(start_paused = true)]
async fn a_slow_watcher_gets_the_latest_word_alone_and_that_is_short() {
    let calls = Response::new().call("chatty", r#"{"n":1000}"#).call("chatty", r#"{"n":1000}"#);
    let mut run = Agent::new(once(calls)).tools(tools![chatty]).stream("go");
    while words(&run.next().await.unwrap()) != "start 2 chatty" {}
    sleep(ms(1000)).await;
    let mut progress = Vec::new();
    while let Some(event) = run.next().await {
        if let Event::CallProgress { number, text } = event {
            assert!(text.len() <= 4 << 10);
            progress.push((number, text.split(' ').next().unwrap().to_owned()));
        }
    }
    assert!(progress.len() <= 4, "{progress:?}");
}

#[tokio::test(start_paused = true)]
async fn the_last_word_of_a_call_that_goes_on_is_told() {
    let diary = Diary::new();
    let mut run = Agent::new(once(plan("tell 1000"))).tools(diary.tools()).stream("go");
    while words(&run.next().await.unwrap()) != "progress 1 0" {}
    sleep(ms(505)).await;
    assert_eq!(there(&mut run).await.as_ref().map(words), Some("progress 1 50".to_owned()));
    assert_eq!(there(&mut run).await, None);
}

/// Writes 10,000 words, each after a turn of the runtime.
struct Novel(Arc<AtomicUsize>);

impl Model for Novel {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let word = "word ".repeat(100);
            for _ in 0..10_000 {
                self.0.fetch_add(1, SeqCst);
                request.tell(Delta::Text(&word));
                tokio::task::yield_now().await;
            }
            Ok(Response::new().text(word.repeat(10_000)))
        })
    }
}

/// The answer is read no faster than its events are taken.
#[tokio::test(start_paused = true)]
async fn of_a_long_answer_a_slow_watcher_holds_a_piece() {
    let written = Arc::new(AtomicUsize::new(0));
    let mut run = Agent::new(Novel(written.clone())).stream("go");
    let (mut heard, mut ahead) = (0, 0);
    while let Some(event) = run.next().await {
        heard += usize::from(matches!(event, Event::Text { .. }));
        ahead = ahead.max(written.load(SeqCst) - heard);
        if heard % 1000 == 0 {
            sleep(ms(1000)).await;
        }
    }
    assert_eq!((heard, ahead), (10_000, 1));
}

static SPAM: AtomicU64 = AtomicU64::new(0);

/// Tell how far it is without a pause, until it is stopped.
#[tool(read, blocking)]
fn spam(call: Ctx) -> u64 {
    while !call.is_cancelled() {
        call.progress("x");
        SPAM.fetch_add(1, SeqCst);
    }
    0
}

/// Calls on other threads tell more all the time, and the watcher still gets its turns, and the cancel.
#[test]
fn calls_that_tell_without_a_pause_hold_neither_the_watcher_nor_a_cancel_up() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        for early in [false, true] {
            let calls = || Script::new().call("spam", "{}").call("spam", "{}");
            let script = if early { calls().text("so").after(60_000).end() } else { calls().end() };
            let agent = Agent::new(crate::streamed::Streamed::new([script])).tools(tools![spam]);
            let began = std::time::Instant::now();
            let mut run = agent.run("go").cancel_on(sleep(ms(300))).stream();
            let (mut events, mut at_once, mut most) = (0_u64, 0_u64, 0);
            loop {
                let before = Instant::now();
                let Some(event) = run.next().await else { break };
                events += u64::from(matches!(event, Event::CallProgress { .. }));
                // What is there already takes no time.
                let is_there = before.elapsed() < Duration::from_micros(2);
                at_once = if is_there { at_once + 1 } else { 0 };
                most = most.max(at_once);
            }
            let took = began.elapsed();
            assert!(took < Duration::from_secs(3), "early {early}: {took:?}, {events} events");
            let words = SPAM.load(SeqCst);
            say(&format!("early {early}: {words} words, {events} events, {most} of them at once"));
        }
    });
}
