//! What the events of a run say, against what came of it.

use agent_core::{EventKind, Response, ToolCall, ToolResult};
use std::collections::BTreeMap;

use agent_tests::support::watched::Watched;

/// What was told of a turn since it began last.
#[derive(Default)]
struct Turn {
    text: String,
    names: Vec<String>,
    arguments: BTreeMap<usize, String>,
    results: BTreeMap<usize, ToolResult>,
    restarts: u32,
}

/// The events tell each response as it is, each result once, and each further attempt.
pub(crate) fn agrees(watched: &Watched) {
    let (transcript, timeline) = match &watched.outcome {
        Ok(outcome) => (outcome.transcript(), outcome.timeline()),
        Err(error) => (error.transcript(), error.timeline()),
    };
    let mut responses = transcript.responses();
    let mut results = transcript.results();
    let mut restarts = Vec::new();
    let mut turn = Turn::default();
    for (_, event) in &watched.events {
        match &event.kind {
            EventKind::TurnStarted => turn = Turn::default(),
            EventKind::TurnRestarted { .. } => {
                turn = Turn { restarts: turn.restarts + 1, ..Turn::default() }
            }
            EventKind::Text { text } => turn.text += text,
            EventKind::CallAnnounced { number, name, .. } => {
                turn.names.push(name.to_string());
                assert_eq!(*number, turn.names.len());
            }
            EventKind::CallArguments { number, text, .. } => {
                *turn.arguments.entry(*number).or_default() += text;
            }
            EventKind::CallEnded { number, result, .. } => {
                let other = turn.results.insert(*number, result.clone());
                assert_eq!(other, None, "call {number} ends twice");
            }
            EventKind::TurnEnded { .. } => {
                turn.is(responses.next().unwrap());
                let count = turn.results.len();
                let told: Vec<_> = turn.results.values().collect();
                assert_eq!(told, results.by_ref().take(count).collect::<Vec<_>>());
                restarts.push(turn.restarts);
            }
            EventKind::RunFailed { .. } => restarts.push(turn.restarts),
            _ => {}
        }
    }
    assert!(responses.next().is_none() && results.next().is_none(), "something was not told");
    let attempts = timeline.turns().iter().map(|turn| turn.attempts - 1);
    assert_eq!(restarts, attempts.collect::<Vec<_>>());
    let last = watched.events.last().map(|(_, event)| &event.kind);
    match &watched.outcome {
        Ok(outcome) => assert_eq!(last, Some(&EventKind::RunEnded { end: outcome.end().clone() })),
        Err(_) => assert!(matches!(last, Some(EventKind::RunFailed { .. })), "{last:?}"),
    }
}

impl Turn {
    fn is(&self, response: &Response) {
        assert_eq!(self.text, response.text());
        assert_eq!(self.names, response.calls().map(ToolCall::name).collect::<Vec<_>>());
        for (at, call) in response.calls().enumerate() {
            let told = self.arguments.get(&(at + 1)).map_or("", String::as_str);
            assert_eq!(if told.is_empty() { "{}" } else { told }, call.arguments());
            assert!(self.results.contains_key(&(at + 1)), "call {} has not ended", at + 1);
        }
    }
}
