//! Watchers that take their time.

use agent_core::{
    Agent, BoxFuture, Decision, Delta, Event, EventKind, Model, ModelError, Request, Response,
    RunStream, ToolContext, tool, tools,
};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use tokio::time::sleep;

use crate::agent;
use agent_tests::support::diary::Diary;
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::watched::{watched, words};
use agent_tests::support::{ms, once, plan};

/// The next event, if it is there without waiting.
async fn there(run: &mut RunStream<'_>) -> Option<Event> {
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
    let agent = Agent::new(once(plan("look 100, save 50, look 30, narrow 40, save 20")))
        .tools(diary.tools());
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
            "150 narrow begins",
            "180 look ends",
            "190 narrow ends",
            "190 save begins",
            "210 save ends",
        ]
    );
    assert_eq!(watched(run).await.end(), "Done");
}

#[tokio::test(start_paused = true)]
async fn early_calls_go_on_while_nobody_looks() {
    let diary = Diary::new();
    let script =
        Script::new().calls("narrow 100, narrow 100, narrow 100").with_text("so").after(5000);
    let mut run = agent(&diary, [script.end()]).stream("go");
    while words(&run.next().await.unwrap()) != "start 1 narrow" {}
    sleep(ms(100_000)).await;
    assert_eq!(diary.when("narrow ends"), Some(100));
    assert_eq!((diary.count("narrow ends"), diary.lines()[5].as_str()), (3, "300 narrow ends"));
    assert_eq!(watched(run).await.end(), "Done");
}

/// Tell a thousand things.
#[tool(read)]
async fn chatty(call: ToolContext, n: u64) -> u64 {
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
        if let EventKind::CallProgress { number, text, .. } = event.kind {
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
                request.emit(Delta::Text(&word));
                tokio::task::yield_now().await;
            }
            Ok(Response::new().with_text(word.repeat(10_000)))
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
        heard += usize::from(matches!(event.kind, EventKind::Text { .. }));
        ahead = ahead.max(written.load(SeqCst) - heard);
        if heard % 1000 == 0 {
            sleep(ms(1000)).await;
        }
    }
    assert_eq!((heard, ahead), (10_000, 0));
}

/// Takes an event a second.
async fn slowly(run: &mut RunStream<'_>) -> Option<Event> {
    sleep(ms(1000)).await;
    run.next().await
}

/// An agent whose answer comes as a whole: a long queue of events.
fn whole(diary: &Arc<Diary>, calls: &str) -> Agent {
    let agent = Agent::new(Streamed::quiet([Script::new().calls(calls).end()]));
    agent.tools(diary.all_tools()).approve(|_| async {
        sleep(ms(500)).await;
        Decision::Allow
    })
}

/// More events stand in the queue than are taken until then.
#[tokio::test(start_paused = true)]
async fn while_calls_are_made_a_cancel_and_a_deadline_act_with_the_events_that_are_taken() {
    for what in ["cancel", "deadline"] {
        let diary = Diary::new();
        let run = whole(&diary, "polite 200, think 90000, think 90000, save 1").run("go");
        let mut run = match what {
            "cancel" => run.cancel_on(sleep(ms(6500))).stream(),
            _ => run.deadline(ms(5500)).stream(),
        };
        let mut seen = Vec::new();
        while let Some(event) = slowly(&mut run).await {
            seen.push(words(&event));
        }
        // It is seen with the seventh event, and acts with that or the next; the rest are still queued.
        assert!(diary.when("polite ends").unwrap() <= 7200, "{:?}", diary.lines());
        assert!(diary.when("think is stopped").unwrap() <= 8000, "{:?}", diary.lines());
        assert_eq!(diary.count("save begins"), 0);
        assert!(seen.contains(&"end 1 Completed".to_owned()), "{seen:#?}");
        let stop = if what == "cancel" { "Cancelled" } else { "DeadlineExceeded" };
        assert_eq!(seen.last(), Some(&format!("run ends {stop}")));
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_model_answers_a_cancel_acts_at_the_next_event() {
    let diary = Diary::new();
    let script = Script::new().calls("look 90000, look 90000, look 90000").with_text("so").stalls();
    let mut run = agent(&diary, [script]).run("go").cancel_on(sleep(ms(4500))).stream();
    let mut seen = 0;
    while slowly(&mut run).await.is_some() {
        seen += 1;
    }
    assert!(seen > 12, "{seen}");
    assert_eq!(diary.when("look is stopped"), Some(5000), "{:?}", diary.lines());
}

#[tokio::test(start_paused = true)]
async fn decisions_and_the_calls_behind_them_go_on_with_a_slow_watcher() {
    let diary = Diary::new();
    let mut run = whole(&diary, "wipe 100, save 100, wipe 100, save 100").stream("go");
    for _ in 0..9 {
        slowly(&mut run).await;
    }
    assert_eq!((diary.count("wipe ends"), diary.count("save ends")), (2, 2));
    assert_eq!(diary.when("wipe begins"), Some(3000), "{:?}", diary.lines());
    assert_eq!(watched(run).await.end(), "Done");
}

/// Four calls tell a thousand words each, while the queue is never empty.
#[tokio::test(start_paused = true)]
async fn of_a_thousand_words_of_a_call_one_stands_in_the_queue() {
    let diary = Diary::new();
    let agent = whole(&diary, "tell 10000, tell 10000, tell 10000, tell 10000");
    let (mut run, mut seen) = (agent.stream("go"), Vec::new());
    for _ in 0..11 {
        seen.push(words(&slowly(&mut run).await.unwrap()));
    }
    assert_eq!(diary.count("tell ends"), 0);
    while let Some(event) = there(&mut run).await {
        seen.push(words(&event));
    }
    for call in 1..=4 {
        let about = |kind: &str| {
            let kind = format!("{kind} {call}");
            seen.iter().filter(|words| words.starts_with(&kind)).cloned().collect::<Vec<_>>()
        };
        assert_eq!((about("written").len(), about("start").len()), (1, 1), "{seen:#?}");
        let progress = about("progress");
        assert_eq!(progress.len(), 1, "{seen:#?}");
        let word: u64 = progress[0].rsplit(' ').next().unwrap().parse().unwrap();
        assert!(word > 500, "{progress:?}");
    }
    // Whoever reads on hears more of it, in order.
    let mut rest = Vec::new();
    while let Some(event) = run.next().await {
        rest.push(words(&event));
    }
    let first: Vec<_> = rest.iter().filter(|words| words.contains(" 1")).collect();
    assert!(first[0].starts_with("progress 1"), "{rest:#?}");
    assert_eq!(rest.last().unwrap(), "run ends Done");
}

#[tokio::test(start_paused = true)]
async fn the_order_of_what_a_call_tells_is_kept_for_a_slow_watcher() {
    let diary = Diary::new();
    let mut run = whole(&diary, "tell 9000, tell 15000, tell 30000, look 5").stream("go");
    let mut seen = Vec::new();
    while let Some(event) = slowly(&mut run).await {
        seen.push(words(&event));
    }
    for call in 1..=4 {
        let kinds = ["call", "arguments", "written", "start", "progress", "end"];
        let of_call = seen.iter().filter_map(|words| {
            let kind =
                kinds.iter().position(|kind| words.starts_with(&format!("{kind} {call}")))?;
            let step = words.rsplit(' ').next().unwrap().parse().unwrap_or(0_u64);
            Some((kind, if kinds[kind] == "progress" { step } else { 0 }))
        });
        let of_call: Vec<_> = of_call.collect();
        assert!(of_call.is_sorted(), "{seen:#?}");
        assert_eq!((of_call[0].0, of_call.last().unwrap().0), (0, 5));
    }
    assert_eq!(seen.iter().filter(|words| words.starts_with("run ")).count(), 1);
}

/// Else a model that answers at once would run ahead of its watcher, turn by turn.
#[tokio::test(start_paused = true)]
async fn the_model_is_asked_again_when_all_of_the_turn_before_is_taken() {
    let diary = Diary::new();
    let scripts: Vec<_> = (0..30).map(|_| Script::new().calls("think 0, think 0").end()).collect();
    let model = Streamed::quiet(scripts);
    let mut run = Agent::new(model.clone()).tools(diary.tools()).stream("go");
    let mut begun = 0;
    while let Some(event) = slowly(&mut run).await {
        begun += usize::from(matches!(event.kind, EventKind::TurnStarted));
        assert!(model.asked() <= begun, "{} answers in turn {begun}", model.asked());
    }
    assert_eq!(begun, 31);
}

/// As with a channel: who finds all its events there leaves the others their turns.
#[tokio::test(start_paused = true)]
async fn a_watcher_with_many_events_leaves_the_runtime_its_turns() {
    let turns = Arc::new(AtomicUsize::new(0));
    let count = turns.clone();
    let other = tokio::spawn(async move {
        loop {
            count.fetch_add(1, SeqCst);
            tokio::task::yield_now().await;
        }
    });
    let calls = vec!["think 1"; 1000].join(", ");
    let mut run = whole(&Diary::new(), &calls).stream("go");
    let (mut in_a_row, mut most, mut before) = (0, 0, 0);
    for _ in 0..2000 {
        run.next().await.unwrap();
        let now = turns.load(SeqCst);
        in_a_row = if now == before { in_a_row + 1 } else { 0 };
        (most, before) = (in_a_row.max(most), now);
    }
    other.abort();
    assert!(most < 400, "{most} events in a row");
}
