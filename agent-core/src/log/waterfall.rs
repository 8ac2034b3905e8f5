//! A timeline as text: a line for each turn and call, with bars.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use crate::log::seconds::Seconds;
use crate::log::span::{CallSpan, TurnSpan};
use crate::log::timeline::Timeline;
use crate::log::waited_for::WaitedFor;
use crate::transcript::CallStatus;

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = rows(self);
        let width = rows.iter().map(|row| row.label.chars().count()).max().unwrap_or_default();
        let all = self.elapsed();
        for row in &rows {
            let Row { label, notes, .. } = row;
            let took = Seconds(row.ended.saturating_sub(row.started));
            writeln!(f, "{label:width$}  {}  {took:>8}{notes}", row.bar(all))?;
        }
        let one_by_one = Seconds(self.sequential_time());
        let critical_path = Seconds(self.critical_path());
        let all = Seconds(all);
        write!(f, "{all} in all; one by one {one_by_one}, critical path {critical_path}")
    }
}

/// The labels of the calls of a turn, by number: a chain of calls names each of them in the next row.
type Labels = HashMap<usize, String>;

fn rows(timeline: &Timeline) -> Vec<Row> {
    let mut calls: HashMap<u32, Vec<&CallSpan>> = HashMap::new();
    for call in timeline.calls() {
        calls.entry(call.turn).or_default().push(call);
    }
    let mut rows = Vec::with_capacity(timeline.turns().len() + timeline.calls().len());
    for (number, turn) in (1..).zip(timeline.turns()) {
        rows.push(Row::of_turn(number, turn));
        let calls = calls.remove(&number).unwrap_or_default();
        let labels: Labels = calls.iter().map(|call| (call.number, call.label())).collect();
        rows.extend(calls.into_iter().map(|call| Row::of_call(call, &labels)));
    }
    rows
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

    fn of_call(call: &CallSpan, labels: &Labels) -> Self {
        let label = |number| labels.get(&number).map(String::as_str).unwrap_or_default();
        let mut notes = String::new();
        if let Some(other) = call.waited_for {
            notes += &format!("  waited {} for {other}", Seconds(call.waited()));
            if let WaitedFor::Call(number) = other {
                notes += &format!(" {}", label(number));
            }
        }
        if call.head_start >= Duration::from_millis(1) {
            notes += &format!("  began {} before the response ended", Seconds(call.head_start));
        }
        let (mark, status) = match call.status {
            CallStatus::Completed => ('█', ""),
            CallStatus::Failed => ('×', "  failed"),
            CallStatus::TimedOut => ('×', "  timed out"),
            CallStatus::Interrupted => ('×', "  interrupted"),
            CallStatus::NotRun => ('×', "  not run"),
        };
        notes += status;
        Self {
            label: format!("  #{} {}", call.number, label(call.number)),
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
            usize::try_from(time.as_nanos() * WIDTH as u128 / whole).unwrap_or(WIDTH)
        };
        let started = column(self.started).min(WIDTH - 1);
        let queued = column(self.queued).min(started);
        let width = column(self.ended).saturating_sub(started).clamp(1, WIDTH - started);
        let parts = [(' ', queued), ('·', started - queued), (self.mark, width)];
        let bar: String =
            parts.iter().flat_map(|&(mark, times)| std::iter::repeat_n(mark, times)).collect();
        format!("▏{bar:WIDTH$}▕")
    }
}
