//! Streams of events that nobody watches to their end.

use agent_core::EventKind;
use tokio::time::timeout;

use crate::agent;
use agent_tests::support::diary::{Diary, assert_quiet};
use agent_tests::support::streamed::Script;
use agent_tests::support::{ms, saved};

fn scripts() -> [Script; 3] {
    let calls = "look 30, think 20, save 40, look 10, tell 50";
    let first = Script::new().with_text("so").after(5).calls(calls).after(25).breaks_for(50);
    let second = Script::new().with_text("so").after(5).calls(calls).after(25).end();
    let third =
        Script::new().after(5).calls("poke 1, save 20, peek 1").with_text("so").after(15).end();
    [first, second, third]
}

#[tokio::test(start_paused = true)]
async fn a_stream_dropped_after_any_event_stops_the_run() {
    for at in 0.. {
        let diary = Diary::new();
        let mut run = agent(&diary, scripts()).stream("go");
        let mut last = None;
        for _ in 0..at {
            last = run.next().await;
        }
        let over = at > 0 && last.is_none();
        drop(run);
        assert_quiet(&diary).await;
        assert!(diary.count("save ends") <= 2);
        if over {
            assert!(at > 60, "{at} events");
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_dropped_at_any_time_stops_the_run_and_leaves_a_chat_that_goes_on() {
    for time in 0.. {
        let diary = Diary::new();
        let agent = agent(&diary, scripts());
        let mut chat = agent.conversation(agent_core::Transcript::default());
        let mut run = chat.stream("go");
        let mut events = Vec::new();
        let over = timeout(ms(time), async {
            while let Some(event) = run.next().await {
                events.push(event);
            }
        });
        let over = over.await.is_ok();
        drop(run);
        assert_quiet(&diary).await;
        saved(chat.transcript());
        let calls: usize = chat.transcript().responses().map(|r| r.calls().count()).sum();
        assert_eq!(chat.transcript().results().count(), calls);
        if over {
            assert!(matches!(events.last().unwrap().kind, EventKind::RunEnded { .. }));
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_before_it_is_polled_does_nothing() {
    let diary = Diary::new();
    drop(agent(&diary, scripts()).stream("go"));
    assert_quiet(&diary).await;
    assert_eq!(diary.len(), 0);
}
