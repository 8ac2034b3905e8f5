//! Who ran when, and who waited for whom.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::log::step::{After, CallRow, Record, TurnRow};
use crate::schema::Access;
use crate::transcript::label::label;
use crate::transcript::{CallStatus, Message, SharedText, ToolCall};

/// When the model was asked and each call ran, as data; it displays as a waterfall.
///
/// All times count from the start of the run.
///
/// # Examples
///
/// ```
/// use agent_core::{Agent, Response, ScriptedModel, tool, tools};
///
/// /// Say hello.
/// #[tool(pure)]
/// fn hello() -> &'static str {
///     "hello"
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), agent_core::RunError> {
/// let model = ScriptedModel::new()
///     .turn(|_| Response::new().call("hello", "{}"))
///     .turn(|_| Response::new().with_text("done"));
/// let timeline = Agent::new(model).tools(tools![hello]).run("go").await?.timeline();
/// assert_eq!(timeline.calls()[0].label(), "hello()");
/// assert!(timeline.to_string().contains("#1 hello()"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    turns: Vec<TurnSpan>,
    calls: Vec<CallSpan>,
    elapsed: Duration,
}

/// The time that the model took for a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TurnSpan {
    /// When it was asked.
    pub started: Duration,
    /// When it had answered.
    pub ended: Duration,
    /// How often it was asked, until it answered.
    pub attempts: u32,
}

/// A call, from the ledger to its result.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallSpan {
    /// The turn of its response, from 1.
    pub turn: u32,
    /// Its position in the response, from 1.
    pub number: usize,
    /// The tool's name, as the model wrote it.
    pub name: Arc<str>,
    /// What the tool declares to touch; `None` if there is no such tool.
    pub access: Option<Access>,
    /// How it ended.
    pub status: CallStatus,
    /// When it was taken up, in model order.
    pub queued: Duration,
    /// When its body began; `None` if it never did.
    pub started: Option<Duration>,
    /// When it ended.
    pub ended: Duration,
    /// For what it waited last, if it had to wait.
    pub waited_for: Option<WaitedFor>,
    /// How long before the end of its response its body began; zero if it began after it.
    pub head_start: Duration,
    /// Whether the tool says nothing of what it touches.
    silent: bool,
    arguments: SharedText,
}

/// For whom a call waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitedFor {
    /// The call with this number in the same response.
    Call(usize),
    /// A call of an earlier turn that had not let go of what it held.
    Earlier {
        /// Its turn, from 1.
        turn: u32,
        /// Its number in that turn's response.
        number: usize,
    },
    /// A call of another run on the same toolset.
    OtherRun,
    /// A slot: the agent runs no more calls at the same time
    /// ([`Agent::concurrency`](crate::Agent::concurrency)).
    Slot,
    /// A slot of its tool, of which no more calls run at the same time.
    ToolSlot,
    /// The decision of somebody who may allow it ([`Agent::approve`](crate::Agent::approve)).
    Approval,
}

impl fmt::Display for WaitedFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(number) => write!(f, "#{number}"),
            Self::Earlier { turn, number } => write!(f, "#{number} of turn {turn}"),
            Self::OtherRun => f.write_str("another run"),
            Self::Slot => f.write_str("a slot"),
            Self::ToolSlot => f.write_str("a slot of its tool"),
            Self::Approval => f.write_str("approval"),
        }
    }
}

impl CallSpan {
    /// The name with the beginning of its arguments, such as `read(a.md)`.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.name, &self.arguments)
    }

    /// How long its body ran.
    #[must_use]
    pub fn ran(&self) -> Duration {
        self.started.map_or(Duration::ZERO, |started| self.ended.saturating_sub(started))
    }

    /// How long it waited before its body began, or before it was answered without.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.started.unwrap_or(self.ended).saturating_sub(self.queued)
    }

    fn new(call: &ToolCall, row: &CallRow, turn: Option<&TurnRow>) -> Self {
        let won = row.started.zip(turn).map(|(started, turn)| turn.ended.saturating_sub(started));
        Self {
            head_start: won.unwrap_or_default(),
            turn: row.turn,
            number: row.index + 1,
            name: call.shared_name(),
            access: row.access,
            silent: row.silent,
            status: row.status,
            queued: row.queued,
            started: row.started,
            ended: row.ended,
            waited_for: row.after.map(|after| match after {
                After::Call(turn, index) if turn == row.turn => WaitedFor::Call(index + 1),
                After::Call(turn, index) => WaitedFor::Earlier { turn, number: index + 1 },
                After::OtherRun => WaitedFor::OtherRun,
                After::Slot => WaitedFor::Slot,
                After::ToolSlot => WaitedFor::ToolSlot,
                After::Approval => WaitedFor::Approval,
            }),
            arguments: call.shared_arguments(),
        }
    }
}

impl Timeline {
    pub(crate) fn new(said: &[Message], record: &Record) -> Self {
        let responses = said.iter().filter_map(Message::as_response);
        let made: Vec<Vec<_>> = responses.map(|response| response.calls().collect()).collect();
        let mut rows = record.calls.clone();
        rows.sort_by_key(|row| (row.turn, row.index));
        let calls = rows.iter().filter_map(|row| {
            let turn = usize::try_from(row.turn).ok()?;
            let turn = turn.checked_sub(1)?;
            let call = made.get(turn)?.get(row.index)?;
            Some(CallSpan::new(call, row, record.turns.get(turn)))
        });
        let span = |&TurnRow { started, ended, attempts }| TurnSpan { started, ended, attempts };
        let turns = record.turns.iter().map(span).collect();
        Self { turns, calls: calls.collect(), elapsed: record.elapsed() }
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
        let turns = self.turns.iter().map(|turn| turn.ended.saturating_sub(turn.started));
        turns.chain(self.calls.iter().map(CallSpan::ran)).sum()
    }

    /// What the run takes at least, however many calls may run at the same time: the model's turns, and
    /// of each the critical path of calls that waited for each other.
    #[must_use]
    pub fn critical_path(&self) -> Duration {
        let turns = self.turns.iter().map(|turn| turn.ended.saturating_sub(turn.started));
        // In the model's order: who waits, waits for an earlier one.
        let mut chains: HashMap<(u32, usize), Duration> = HashMap::new();
        let mut longest: HashMap<u32, Duration> = HashMap::new();
        for call in &self.calls {
            let before = match call.waited_for {
                Some(WaitedFor::Call(number)) => chains.get(&(call.turn, number)).copied(),
                _ => None,
            };
            // What ran while the response was written takes no time after it.
            let chain = (before.unwrap_or_default() + call.ran()).saturating_sub(call.head_start);
            chains.insert((call.turn, call.number), chain);
            let most = longest.entry(call.turn).or_default();
            *most = chain.max(*most);
        }
        turns.chain(longest.into_values()).sum()
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (number, turn) in (1..).zip(&self.turns) {
            rows.push(Row::of_turn(number, turn));
            let calls = || self.calls.iter().filter(|call| call.turn == number);
            rows.extend(calls().map(|call| Row::of_call(call, calls())));
        }
        rows
    }
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows();
        let width = rows.iter().map(|row| row.label.chars().count()).max().unwrap_or_default();
        let all = self.elapsed();
        for row in &rows {
            let Row { label, notes, .. } = row;
            let took = Seconds(row.ended.saturating_sub(row.started));
            writeln!(f, "{label:width$}  {}  {took:>8}{notes}", row.bar(all))?;
        }
        let (all, sum, path) =
            (Seconds(all), Seconds(self.sequential_time()), Seconds(self.critical_path()));
        write!(f, "{all} in all; one by one {sum}, critical path {path}")
    }
}

/// A line of the waterfall.
struct Row {
    label: String,
    queued: Duration,
    started: Duration,
    ended: Duration,
    mark: char,
    notes: String,
}

impl Row {
    fn of_turn(number: u32, turn: &TurnSpan) -> Self {
        let TurnSpan { started, ended, attempts } = *turn;
        let label = format!("turn {number}: model");
        let notes = if attempts > 1 { format!("  asked {attempts} times") } else { String::new() };
        Self { label, queued: started, started, ended, mark: '▒', notes }
    }

    fn of_call<'a>(call: &CallSpan, mut siblings: impl Iterator<Item = &'a CallSpan>) -> Self {
        let mut notes = String::new();
        if call.silent {
            notes += "  undeclared";
        }
        if let Some(other) = call.waited_for {
            let is_it = |sibling: &&CallSpan| other == WaitedFor::Call(sibling.number);
            let label = siblings.find(is_it).map(CallSpan::label).unwrap_or_default();
            let space = if label.is_empty() { "" } else { " " };
            notes += &format!("  waited {} for {other}{space}{label}", Seconds(call.waited()));
        }
        if call.head_start >= Duration::from_millis(1) {
            notes += &format!("  began {} before the response ended", Seconds(call.head_start));
        }
        let (mark, ended) = match call.status {
            CallStatus::Completed => ('█', ""),
            CallStatus::Failed => ('×', "  failed"),
            CallStatus::TimedOut => ('×', "  timed out"),
            CallStatus::Interrupted => ('×', "  interrupted"),
            CallStatus::NotRun => ('×', "  never started"),
        };
        notes += ended;
        Self {
            label: format!("  #{} {}", call.number, call.label()),
            queued: call.queued,
            started: call.started.unwrap_or(call.ended),
            ended: call.ended,
            mark,
            notes,
        }
    }

    /// Queued time is light, running time full; the narrowest bar is one column wide.
    fn bar(&self, all: Duration) -> String {
        const WIDTH: usize = 40;
        let whole = all.as_nanos().max(1);
        let column = |time: Duration| {
            let column = time.as_nanos() * WIDTH as u128 / whole;
            usize::try_from(column).unwrap_or(WIDTH).min(WIDTH - 1)
        };
        let (queued, started) = (column(self.queued), column(self.started));
        let ended = usize::try_from(self.ended.as_nanos() * WIDTH as u128 / whole).unwrap_or(WIDTH);
        let width = ended.saturating_sub(started).clamp(1, WIDTH - started);
        let parts = [(' ', queued), ('·', started - queued), (self.mark, width)];
        let bar: String =
            parts.iter().flat_map(|&(mark, times)| std::iter::repeat_n(mark, times)).collect();
        format!("▏{bar:WIDTH$}▕")
    }
}

/// A time for people.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.0;
        f.pad(&match time.as_millis() {
            0 if !time.is_zero() => format!("{} µs", time.as_micros()),
            ms @ 0..1000 => format!("{ms} ms"),
            _ => format!("{:.2} s", time.as_secs_f64()),
        })
    }
}
