//! What is told of a run is what its transcript tells.

use agent_core::{CallStatus, EventKind, Transcript};
use std::collections::BTreeMap;

use super::polls::{RULES, Rule, agent, by_chance, scripts};
use super::{assert_true, paused, say};
use agent_tests::support::diary::{Diary, assert_quiet};
use agent_tests::support::streamed::Script;

/// What was told of a turn since it was asked for last.
#[derive(Default)]
struct Turn {
    announced: usize,
    started: BTreeMap<usize, usize>,
    ended: BTreeMap<usize, (CallStatus, String)>,
}

impl Turn {
    fn hear(&mut self, event: &EventKind) {
        match event {
            EventKind::CallAnnounced { number, .. } => {
                self.announced += 1;
                assert_eq!(*number, self.announced);
            }
            EventKind::CallStarted { number, .. } => {
                assert!(*number <= self.announced && !self.ended.contains_key(number));
                *self.started.entry(*number).or_default() += 1;
            }
            EventKind::CallProgress { number, .. } => {
                assert!(self.started.contains_key(number) && !self.ended.contains_key(number));
            }
            EventKind::CallEnded { number, result, .. } => {
                let told = (result.status(), result.text().to_owned());
                assert_eq!(self.ended.insert(*number, told), None, "it ends once");
            }
            _ => {}
        }
    }
}

async fn told(scripts: &[Script], rule: Rule) -> usize {
    let diary = Diary::new();
    let agent = agent(&diary, scripts, rule);
    let mut chat = agent.conversation(Transcript::default());
    let (mut events, mut turn, mut turns) = (0, Turn::default(), Vec::new());
    let mut run = chat.stream("go");
    while let Some(event) = run.next().await {
        events += 1;
        match &event.kind {
            EventKind::TurnStarted | EventKind::TurnRestarted { .. } => turn = Turn::default(),
            EventKind::TurnEnded { .. } => turns.push(std::mem::take(&mut turn)),
            kind => turn.hear(kind),
        }
    }
    drop(run);
    assert_quiet(&diary).await;
    assert_true(chat.transcript(), &diary);
    let responses: Vec<_> = chat.transcript().responses().collect();
    assert_eq!(responses.len(), turns.len());
    let mut results = chat.transcript().results();
    for (response, turn) in responses.into_iter().zip(turns) {
        assert_eq!(turn.announced, response.calls().count());
        assert!(turn.started.values().all(|times| *times == 1));
        for number in 1..=turn.announced {
            let result = results.next().unwrap();
            let told = turn.ended.get(&number);
            assert_eq!(told, Some(&(result.status(), result.text().to_owned())), "call {number}");
        }
    }
    events
}

#[test]
fn the_events_of_a_turn_are_those_of_its_transcript() {
    let mut events = 0;
    for (rule_name, rule) in RULES {
        let by_chance = (0..60).map(|seed| (format!("seed {seed}"), by_chance(seed)));
        let all = scripts().into_iter().map(|(name, scripts)| (name.to_owned(), scripts));
        for (name, scripts) in all.chain(by_chance) {
            let guard = super::Told(format!("{name}, {rule_name}"));
            events += paused().block_on(told(&scripts, rule));
            std::mem::forget(guard);
        }
    }
    say(&format!("{events} events, each as the transcript has it"));
    assert!(events > 5000, "{events}");
}
