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

/// The calls of a turn by number. Each row can name another call, and does not search for it.
type Siblings<'a> = HashMap<usize, &'a CallSpan>;

fn rows(timeline: &Timeline) -> Vec<Row> {
    let mut calls: HashMap<u32, Vec<&CallSpan>> = HashMap::new();
    for call in timeline.calls() {
        calls.entry(call.turn).or_default().push(call);
    }
    let mut rows = Vec::with_capacity(timeline.turns().len() + timeline.calls().len());
    for (number, turn) in (1..).zip(timeline.turns()) {
        rows.push(Row::of_turn(number, turn));
        let calls = calls.remove(&number).unwrap_or_default();
        let siblings: Siblings<'_> = calls.iter().map(|call| (call.number, *call)).collect();
        rows.extend(calls.iter().map(|call| Row::of_call(call, &siblings)));
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

    fn of_call(call: &CallSpan, siblings: &Siblings<'_>) -> Self {
        let mut notes = String::new();
        if let Some(other) = call.waited_for {
            notes += &format!("  waited {} for {other}", Seconds(call.waited()));
            if let WaitedFor::Call(number) = other
                && let Some(sibling) = siblings.get(&number)
            {
                notes += &format!(" {}", sibling.label());
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

#[cfg(test)]
mod tests {
    use super::*;
    use allocation_counter::measure;
    use cpu_time::ThreadTime;
    use serde_json::json;

    /// Calls of one turn, of which each waited for the one before it.
    fn chain(calls: usize) -> Timeline {
        let calls: Vec<_> = (1..=calls)
            .map(|number| {
                json!({
                    "turn": 1, "number": number, "id": "c", "name": "save", "arguments": "[1]",
                    "access": "write", "status": "completed", "queued": 0, "started": number,
                    "ended": number + 1, "head_start": 0,
                    "waited_for": { "call": number - 1 }, "follows": number - 1,
                })
            })
            .collect();
        let turns = [json!({ "started": 0, "ended": 0, "attempts": 1 })];
        let all = json!({ "turns": turns, "calls": calls, "elapsed": calls.len() });
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn each_row_names_the_call_that_it_waited_for() {
        let text = chain(3).to_string();
        let row = text.lines().nth(3).unwrap();
        assert!(row.starts_with("  #3 save([1]) "), "{text}");
        assert!(row.ends_with("waited 3.00 s for #2 save([1])"), "{text}");
    }

    /// 40,000 chained calls took 5.1 s: each row searched for the row before it.
    #[test]
    fn the_work_is_linear_in_the_number_of_calls() {
        let (short, long) = (chain(5_000), chain(20_000));
        let allocations = |timeline: &Timeline| measure(|| _ = timeline.to_string()).count_total;
        assert!(allocations(&long) < 5 * allocations(&short));
        // The time of this thread alone, however busy the machine is.
        let time = |timeline: &Timeline| {
            let times = (0..2).map(|_| {
                let began = ThreadTime::now();
                assert!(!timeline.to_string().is_empty());
                began.elapsed()
            });
            times.min().unwrap()
        };
        let (short, long) = (time(&short), time(&long));
        assert!(long < 9 * short, "{short:?} for 5,000 and {long:?} for 20,000 calls");
    }
}
