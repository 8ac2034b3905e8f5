//! A cancel with a thousand calls in flight.

use agent_core::Status::{Completed, Interrupted, NeverStarted};
use agent_core::{Agent, Limits, Stop, Transcript};
use std::time::Duration;
use tokio::time::{Instant, sleep};

use crate::diary::{Diary, assert_quiet};
use crate::goes_on;
use crate::streamed::{Script, Streamed};
use crate::support::{ms, saved, statuses};

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
        let agent = Agent::new(model).tools(diary.tools()).limits(Limits::default().calls(MANY));
        let mut chat = agent.conversation(Transcript::default());
        let (began, on_the_wall) = (Instant::now(), std::time::Instant::now());
        let outcome = chat.send("go").cancel_on(sleep(ms(100))).await.unwrap();
        assert_eq!((outcome.stop(), began.elapsed()), (&Stop::Cancelled, ms(1100)));
        assert!(on_the_wall.elapsed() < Duration::from_secs(5), "{:?}", on_the_wall.elapsed());
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

#[tokio::test(start_paused = true)]
async fn a_cancel_with_a_thousand_calls_in_the_queue_starts_none_of_them() {
    for (tool, slots) in [("save", MANY), ("look", 1), ("narrow", MANY)] {
        let diary = Diary::new();
        let script =
            (0..MANY).fold(Script::new(), |script, _| script.calls(&format!("{tool} 600000")));
        let agent = Agent::new(Streamed::new([script.after(20).end()])).tools(diary.tools());
        let agent = agent.limits(Limits::default().calls(MANY)).concurrency(slots);
        let mut chat = agent.conversation(Transcript::default());
        let began = Instant::now();
        let outcome = chat.send("go").cancel_on(sleep(ms(100))).await.unwrap();
        assert_eq!((outcome.stop(), began.elapsed()), (&Stop::Cancelled, ms(1100)));
        assert_eq!(diary.count(&format!("{tool} begins")), 1);
        assert_eq!(statuses(chat.transcript())[1..], [NeverStarted; MANY - 1]);
        assert_quiet(&diary).await;
        goes_on(&mut chat).await;
    }
}
