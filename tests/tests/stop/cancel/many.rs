//! A cancel with a thousand calls in flight.

use agent_core::CallStatus::{Completed, Interrupted, NotRun};
use agent_core::{Agent, Limits, RunEnd, Transcript};
use tokio::time::{Instant, pause, resume, sleep};

use super::{goes_on, served};
use agent_tests::support::diary::{Diary, assert_quiet};
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::{ms, saved, statuses};

const MANY: usize = 1000;

fn script(tool: &str) -> Script {
    (0..MANY).fold(Script::new(), |script, n| {
        script.calls(&format!("{tool} {}", if n % 10 == 0 { 50 } else { 600_000 }))
    })
}

#[tokio::test(start_paused = true)]
async fn a_cancel_with_a_thousand_calls_in_flight_returns_within_the_grace_period() {
    for streamed in [true, false] {
        let diary = Diary::new();
        let script = script("look").after(20).end();
        let model = if streamed { Streamed::new([script]) } else { Streamed::quiet([script]) };
        let agent =
            Agent::new(model).tools(diary.tools()).limits(Limits::default().with_calls(MANY));
        let mut chat = agent.conversation(Transcript::default());
        let began = Instant::now();
        let outcome = chat.send("go").cancel_on(sleep(ms(100))).await.unwrap();
        assert_eq!((outcome.end(), began.elapsed()), (&RunEnd::Cancelled, ms(1100)));
        assert_eq!(diary.count("look begins"), MANY);
        let statuses = statuses(chat.transcript());
        assert_eq!(statuses.iter().filter(|status| **status == Completed).count(), MANY / 10);
        assert_eq!(
            statuses.iter().filter(|status| **status == Interrupted).count(),
            MANY - MANY / 10
        );
        assert_quiet(&diary).await;
        saved(chat.transcript());
        goes_on(&mut chat).await;
    }
}

/// For the judges of what the server gets, as all in `served`. It answers in its own time.
#[tokio::test]
async fn a_chat_of_a_thousand_calls_that_were_cancelled_is_accepted_and_goes_on() {
    for streaming in [true, false] {
        let Some(model) = served::model(streaming) else { return };
        pause();
        // Judges know a conversation by its first words.
        let words = served::words();
        let diary = Diary::new();
        let agent = Agent::new(Streamed::new([script("look").after(20).end()]));
        let agent = agent.tools(diary.tools()).limits(Limits::default().with_calls(MANY));
        let mut chat = agent.conversation(Transcript::default());
        let outcome = chat.send(words.clone()).cancel_on(sleep(ms(100))).await.unwrap();
        assert_eq!(outcome.end(), &RunEnd::Cancelled);
        assert_eq!(statuses(chat.transcript()).len(), MANY);
        resume();
        let agent = Agent::new(model).tools(diary.tools());
        let mut chat = agent.conversation(chat.into_transcript());
        let outcome = chat.send(format!("{words} again")).await.unwrap();
        assert_eq!(outcome.end(), &RunEnd::Done);
        assert!(!outcome.text().is_empty());
        assert_eq!(statuses(chat.transcript()).len(), MANY);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_with_a_thousand_calls_in_the_queue_starts_none_of_them() {
    for (tool, slots) in [("save", MANY), ("look", 1), ("narrow", MANY)] {
        let diary = Diary::new();
        let script =
            (0..MANY).fold(Script::new(), |script, _| script.calls(&format!("{tool} 600000")));
        let agent = Agent::new(Streamed::new([script.after(20).end()])).tools(diary.tools());
        let agent = agent.limits(Limits::default().with_calls(MANY)).concurrency(slots);
        let mut chat = agent.conversation(Transcript::default());
        let began = Instant::now();
        let outcome = chat.send("go").cancel_on(sleep(ms(100))).await.unwrap();
        assert_eq!((outcome.end(), began.elapsed()), (&RunEnd::Cancelled, ms(1100)));
        assert_eq!(diary.count(&format!("{tool} begins")), 1);
        assert_eq!(statuses(chat.transcript())[1..], [NotRun; MANY - 1]);
        assert_quiet(&diary).await;
        goes_on(&mut chat).await;
    }
}
