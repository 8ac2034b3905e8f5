//! The events of a run, in short words.

use agent_core::{Event, EventKind, Outcome, RunError, RunStream};
use tokio::time::Instant;

/// The events of a run with their times in milliseconds, and its outcome.
pub struct Watched {
    pub events: Vec<(u64, Event)>,
    pub outcome: Result<Outcome, RunError>,
}

pub async fn watched(mut run: RunStream<'_>) -> Watched {
    let (began, mut events) = (Instant::now(), Vec::new());
    while let Some(event) = run.next().await {
        events.push((u64::try_from(began.elapsed().as_millis()).unwrap(), event));
    }
    Watched { events, outcome: run.outcome().await }
}

impl Watched {
    /// All events, each as `time words`.
    pub fn timed(&self) -> Vec<String> {
        self.events.iter().map(|(time, event)| format!("{time} {}", words(event))).collect()
    }

    /// All events.
    pub fn words(&self) -> Vec<String> {
        self.events.iter().map(|(_, event)| words(event)).collect()
    }

    /// When this happened for the first time.
    pub fn when(&self, what: &str) -> Option<u64> {
        self.events.iter().find(|(_, event)| words(event) == what).map(|(time, _)| *time)
    }

    pub fn count(&self, what: &str) -> usize {
        self.events.iter().filter(|(_, event)| words(event) == what).count()
    }

    /// How the run ended, by its name.
    pub fn end(&self) -> String {
        match &self.outcome {
            Ok(outcome) => format!("{:?}", outcome.end()),
            Err(error) => format!("{:?}", error.kind()),
        }
    }
}

pub fn words(event: &Event) -> String {
    match &event.kind {
        EventKind::TurnStarted => format!("turn {}", event.turn),
        EventKind::Text { text } => format!("text {text}"),
        EventKind::Thinking { text } => format!("thinking {text}"),
        EventKind::CallAnnounced { number, name, .. } => format!("call {number} {name}"),
        EventKind::CallArguments { number, text, .. } => format!("arguments {number} {text}"),
        EventKind::CallWritten { number, label, .. } => format!("written {number} {label}"),
        EventKind::ApprovalRequested { number, .. } => format!("asked {number}"),
        EventKind::CallStarted { number, name, .. } => format!("start {number} {name}"),
        EventKind::CallProgress { number, text, .. } => format!("progress {number} {text}"),
        EventKind::CallEnded { number, result, .. } => {
            format!("end {number} {:?}", result.status())
        }
        EventKind::TurnRestarted { .. } => "restart".to_owned(),
        EventKind::TurnEnded { stop, .. } => format!("turn ends {stop:?}"),
        EventKind::RunEnded { end } => format!("run ends {end:?}"),
        EventKind::RunFailed { .. } => "run failed".to_owned(),
        other => format!("{other:?}"),
    }
}
