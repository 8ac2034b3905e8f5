//! The fold of a run's steps into its events.

use std::sync::Arc;
use std::time::Duration;

use crate::log::event::{Event, EventKind};
use crate::log::run_id::RunId;
use crate::log::step::Step;
use crate::model::Delta;
use crate::transcript::label::label;

/// The fold of a run's steps into its events.
#[derive(Debug)]
pub(crate) struct EventFold {
    run: RunId,
    turn: u32,
    /// The id of the call that was announced last: the pieces of its arguments do not repeat it.
    announced: Arc<str>,
}

impl EventFold {
    pub(crate) fn new(run: RunId) -> Self {
        Self { run, turn: 0, announced: Arc::default() }
    }

    /// The event of a step, if it has one. The clock is read only then.
    pub(crate) fn event(
        &mut self,
        step: &Step<'_>,
        clock: impl FnOnce() -> Duration,
    ) -> Option<Event> {
        let at = match *step {
            Step::TurnStarted { turn, at } => {
                self.turn = turn;
                Some(at)
            }
            Step::Delta { delta: Delta::Call { id, .. }, .. } => {
                self.announced = id.into();
                None
            }
            _ => None,
        };
        let kind = EventKind::of(step, &self.announced)?;
        Some(self.stamp(kind, at.unwrap_or_else(clock)))
    }

    /// An event that is no step: the last one of the run.
    pub(crate) fn stamp(&self, kind: EventKind, at: Duration) -> Event {
        Event { run: self.run, turn: self.turn, at, kind }
    }
}

impl EventKind {
    /// The event of a step, if it has one; `announced` is the id of the call that was announced last.
    fn of(step: &Step<'_>, announced: &Arc<str>) -> Option<Self> {
        Some(match *step {
            Step::TurnStarted { .. } => Self::TurnStarted,
            Step::Delta { calls, delta } => Self::of_delta(calls, delta, announced),
            Step::ApprovalRequested { index, call } => {
                Self::ApprovalRequested { number: index + 1, id: call.shared_id() }
            }
            Step::CallStarted { index, call } => {
                let (name, arguments) = (call.shared_name(), call.shared_arguments().alone());
                let label = label(&name, &arguments);
                Self::CallStarted {
                    number: index + 1,
                    id: call.shared_id(),
                    label,
                    name,
                    arguments,
                }
            }
            Step::CallProgress { index, call, text } => Self::CallProgress {
                number: index + 1,
                id: call.shared_id(),
                text: text.to_owned(),
            },
            Step::Nested { index, call, event } => Self::Nested {
                number: index + 1,
                id: call.shared_id(),
                event: Box::new(event.clone()),
            },
            Step::CallEnded { index, call, result } => {
                Self::CallEnded { number: index + 1, id: call.shared_id(), result: result.clone() }
            }
            Step::TurnRestarted { error } => Self::TurnRestarted { error: format!("{error:?}") },
            Step::TurnEnded { response } => {
                Self::TurnEnded { stop: response.stop_reason().clone(), usage: response.usage() }
            }
            Step::Answered { .. } | Step::CallRecorded(_) | Step::NestedUsage { .. } => {
                return None;
            }
        })
    }

    fn of_delta(number: usize, delta: Delta<'_>, announced: &Arc<str>) -> Self {
        match delta {
            Delta::Text(text) => Self::Text { text: text.to_owned() },
            Delta::Thinking(text) => Self::Thinking { text: text.to_owned() },
            Delta::Call { name, .. } => {
                Self::CallAnnounced { number, id: announced.clone(), name: name.into() }
            }
            Delta::Arguments(text) => {
                Self::CallArguments { number, id: announced.clone(), text: text.to_owned() }
            }
            Delta::CallDone(call) => Self::CallWritten {
                number,
                id: call.shared_id(),
                label: label(call.name(), call.arguments()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::step::CallRecord;
    use crate::transcript::{CallStatus, Response, ToolCall, ToolResult};

    const NO_CLOCK: fn() -> Duration = || panic!("the clock is read");

    fn noon() -> Duration {
        Duration::from_secs(12)
    }

    #[test]
    fn each_event_carries_its_run_turn_and_time() {
        let mut fold = EventFold::new(RunId::numbered(7));
        let at = Duration::from_secs(2);
        let started = fold.event(&Step::TurnStarted { turn: 3, at }, NO_CLOCK).unwrap();
        assert_eq!((started.run, started.turn, started.at), (RunId::numbered(7), 3, at));
        let text = Step::Delta { calls: 0, delta: Delta::Text("so") };
        let text = fold.event(&text, noon).unwrap();
        assert_eq!((text.run, text.turn, text.at), (RunId::numbered(7), 3, noon()));
        let last = fold.stamp(EventKind::RunFailed { error: "so".into() }, noon());
        assert_eq!((last.run, last.turn), (RunId::numbered(7), 3));
    }

    #[test]
    fn each_event_of_a_call_carries_its_number_and_id() {
        let mut fold = EventFold::new(RunId::numbered(1));
        let call = &ToolCall::new("c9", "look", "{}");
        let result = &ToolResult::new(call, CallStatus::Completed, "so");
        let steps = [
            Step::Delta { calls: 2, delta: Delta::Call { id: "c9", name: "look" } },
            Step::Delta { calls: 2, delta: Delta::Arguments("{}") },
            Step::Delta { calls: 2, delta: Delta::CallDone(call) },
            Step::ApprovalRequested { index: 1, call },
            Step::CallStarted { index: 1, call },
            Step::CallProgress { index: 1, call, text: "half" },
            Step::CallEnded { index: 1, call, result },
        ];
        for step in steps {
            let event = serde_json::to_value(fold.event(&step, noon)).unwrap();
            assert_eq!((&event["number"], &event["id"]), (&2.into(), &"c9".into()), "{event}");
        }
    }

    #[test]
    fn a_step_without_an_event_reads_no_clock() {
        let mut fold = EventFold::new(RunId::numbered(1));
        let at = Duration::ZERO;
        let response = &Response::new();
        let answered = Step::Answered { at, response: Some(response) };
        assert_eq!(fold.event(&answered, NO_CLOCK), None);
        let record = CallRecord {
            turn: 1,
            index: 0,
            access: None,
            status: CallStatus::Completed,
            queued: at,
            started: None,
            ended: at,
            waited_for: None,
            follows: None,
        };
        assert_eq!(fold.event(&Step::CallRecorded(record), NO_CLOCK), None);
    }
}
