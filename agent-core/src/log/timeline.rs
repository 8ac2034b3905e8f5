//! The timeline: when the model was asked, when each call ran, and what it waited for.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Duration;

use crate::log::record::Record;
use crate::log::seconds;
use crate::log::span::{CallSpan, TurnSpan};
use crate::transcript::Message;

/// When the model was asked and each call ran, as data; it displays as a waterfall.
///
/// All times count from the start of the run. It serialises, with times as numbers of seconds.
///
/// # Examples
///
/// ```
/// use agent_core::{Agent, Response, ScriptedModel, Timeline, tool, tools};
///
/// /// Say hello.
/// #[tool(pure)]
/// fn hello() -> &'static str {
///     "hello"
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let model = ScriptedModel::new()
///     .turn(|_| Response::new().call("hello", "{}"))
///     .turn(|_| Response::new().with_text("done"));
/// let timeline = Agent::new(model).tools(tools![hello]).run("go").await?.timeline();
/// assert_eq!(timeline.calls()[0].label(), "hello()");
/// assert!(timeline.to_string().contains("#1 hello()"));
///
/// let saved = serde_json::to_string(&timeline)?;
/// assert_eq!(serde_json::from_str::<Timeline>(&saved)?, timeline);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    turns: Vec<TurnSpan>,
    calls: Vec<CallSpan>,
    #[serde(with = "seconds")]
    elapsed: Duration,
}

impl Timeline {
    /// The timeline of a run that appended these messages.
    pub(crate) fn new(appended: &[Message], record: &Record) -> Self {
        let responses = appended.iter().filter_map(Message::as_response);
        let made: Vec<Vec<_>> = responses.map(|response| response.calls().collect()).collect();
        let mut recorded = record.calls.clone();
        recorded.sort_by_key(|call| (call.turn, call.index));
        let calls = recorded.iter().filter_map(|recorded| {
            let turn = usize::try_from(recorded.turn).ok()?.checked_sub(1)?;
            let call = made.get(turn)?.get(recorded.index)?;
            Some(CallSpan::new(call, recorded, record.turns.get(turn)?))
        });
        Self { turns: record.turns.clone(), calls: calls.collect(), elapsed: record.elapsed() }
    }

    /// The model's turns, in order.
    #[must_use]
    pub fn turns(&self) -> &[TurnSpan] {
        &self.turns
    }

    /// The calls, in the model's order.
    #[must_use]
    pub fn calls(&self) -> &[CallSpan] {
        &self.calls
    }

    /// When the last turn or call ended.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The times of all turns and calls, added up: what the run would have taken one by one, if its
    /// calls take as long alone as together.
    #[must_use]
    pub fn sequential_time(&self) -> Duration {
        total(self.turns.iter().map(TurnSpan::took).chain(self.calls.iter().map(CallSpan::ran)))
    }

    /// What the run takes at least, however many calls can run at the same time: the model's turns, and
    /// of each turn the longest chain of calls that had to [follow](CallSpan::follows) each other.
    #[must_use]
    pub fn critical_path(&self) -> Duration {
        // In the model's order, a call follows an earlier one.
        let mut chains: HashMap<(u32, usize), Duration> = HashMap::new();
        let mut longest: HashMap<u32, Duration> = HashMap::new();
        for call in &self.calls {
            let before = call.follows.and_then(|number| chains.get(&(call.turn, number)));
            let chain = before.copied().unwrap_or_default().saturating_add(call.ran());
            // What ran while the response was written takes no time after it.
            let chain = chain.saturating_sub(call.head_start);
            chains.insert((call.turn, call.number), chain);
            let most = longest.entry(call.turn).or_default();
            *most = chain.max(*most);
        }
        total(self.turns.iter().map(TurnSpan::took).chain(longest.into_values()))
    }
}

/// The sum, which a timeline that was read from elsewhere may not exceed.
fn total(times: impl Iterator<Item = Duration>) -> Duration {
    times.fold(Duration::ZERO, Duration::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::step::{CallRecord, Step};
    use crate::log::waited_for::WaitedFor;
    use crate::transcript::{CallStatus, Response, Transcript, Turn};

    const fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    /// A call of the first turn that was queued at 100 ms and ran between these times.
    fn call(index: usize, started: u64, ended: u64) -> CallRecord {
        CallRecord {
            turn: 1,
            index,
            access: None,
            status: CallStatus::Completed,
            queued: ms(100),
            started: Some(ms(started)),
            ended: ms(ended),
            waited_for: None,
            follows: None,
        }
    }

    fn follows(call: CallRecord, index: usize, waited_for: Option<WaitedFor>) -> CallRecord {
        CallRecord { follows: Some(index), waited_for, ..call }
    }

    /// The fold of a run with these calls in its only turn, whose model takes 100 ms.
    fn timeline(calls: &[CallRecord]) -> Timeline {
        let all = calls.iter().fold(Response::new(), |all, call| {
            all.call("save", format!("[{}]", call.ended.as_millis()))
        });
        let (mut record, mut transcript) = (Record::default(), Transcript::default());
        record.apply(&Step::TurnStarted { turn: 1, at: ms(0) });
        record.apply(&Step::Answered { at: ms(100), response: Some(&all) });
        for call in calls {
            record.apply(&Step::CallRecorded(*call));
        }
        record.apply(&Step::TurnEnded { response: &all });
        Turn::open(all).close(&mut transcript, "not run");
        Timeline::new(transcript.messages(), &record)
    }

    #[test]
    fn a_conflict_is_in_the_critical_path_whatever_a_call_waited_for_last() {
        for waited_for in [Some(WaitedFor::Call(1)), Some(WaitedFor::Slot), None] {
            let second = follows(call(1, 150, 200), 0, waited_for);
            let timeline = timeline(&[call(0, 100, 150), second]);
            assert_eq!(timeline.critical_path(), ms(200), "{waited_for:?}");
            assert_eq!(timeline.sequential_time(), ms(200));
        }
    }

    #[test]
    fn a_slot_alone_makes_no_critical_path() {
        let second = CallRecord { waited_for: Some(WaitedFor::Slot), ..call(1, 150, 200) };
        let timeline = timeline(&[call(0, 100, 150), second]);
        assert_eq!(timeline.critical_path(), ms(150));
        assert_eq!(timeline.elapsed(), ms(200));
    }

    #[test]
    fn the_longest_chain_counts_and_its_head_start_does_not() {
        let early = call(0, 40, 110);
        let chained = follows(call(1, 110, 140), 0, Some(WaitedFor::Call(1)));
        let alone = call(2, 100, 130);
        let timeline = timeline(&[early, chained, alone]);
        assert_eq!(timeline.calls()[0].head_start, ms(60));
        assert_eq!(timeline.critical_path(), ms(100) + ms(10) + ms(30));
    }

    #[test]
    fn calls_are_in_the_models_order_whichever_ended_first() {
        let timeline = timeline(&[call(1, 100, 110), call(0, 100, 120)]);
        assert_eq!(timeline.calls().iter().map(|call| call.number).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(timeline.calls()[0].ended, ms(120));
    }

    #[test]
    fn a_timeline_is_the_same_after_json() {
        let refused = CallRecord {
            status: CallStatus::NotRun,
            started: None,
            ended: Duration::new(7, 123_456_789),
            ..follows(call(1, 0, 0), 0, Some(WaitedFor::Earlier { turn: 1, number: 2 }))
        };
        let last = CallRecord { waited_for: Some(WaitedFor::Call(1)), ..call(2, 100, 101) };
        let timeline = timeline(&[call(0, 100, 150), refused, last]);
        let json = serde_json::to_string(&timeline).unwrap();
        assert_eq!(serde_json::from_str::<Timeline>(&json).unwrap(), timeline, "{json}");
        let value = serde_json::to_value(&timeline).unwrap();
        assert_eq!(value["turns"][0]["ended"], 0.1);
        assert_eq!(value["calls"][1]["waited_for"]["earlier"]["number"], 2);
        assert_eq!(value["calls"][2]["waited_for"]["call"], 1);
        assert_eq!(serde_json::from_value::<Timeline>(value).unwrap(), timeline);
    }

    #[test]
    fn a_timeline_that_makes_no_sense_can_be_shown() {
        let mut value = serde_json::to_value(timeline(&[call(0, 100, 150)])).unwrap();
        let most = 1.8e19;
        value["turns"][0]["ended"] = most.into();
        value["calls"][0]["queued"] = most.into();
        value["calls"][0]["ended"] = most.into();
        value["calls"][0]["follows"] = 1.into();
        value["elapsed"] = 0.into();
        let timeline: Timeline = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(timeline.to_string().lines().count(), 3);
        for time in [-1.0, 1e30] {
            value["elapsed"] = time.into();
            assert!(serde_json::from_value::<Timeline>(value.clone()).is_err());
        }
    }
}
