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
