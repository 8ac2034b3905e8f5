//! The same ten calls over real files, in three lanes: one by one, all at once, and by this library.
//!
//! `cargo run --example race -- [--json]`
//!
//! See the second lane end first, and wrong: where two changes to one note were made at the same time,
//! the one that was saved first is lost, and no call failed. The third takes as long as its longest
//! chain of calls that have to wait for each other, and its notes are those of the first.
//!
//! All three run the functions in `race/tools.rs`. Those declare which note they touch, and do not lock
//! it. The model is scripted: what it asks for is in `race/script.rs`. `race/board.rs` draws.

use std::error::Error;
use std::io::{IsTerminal, stdout};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use agent_core::{Agent, Outcome, ParallelToolCalls, ToolResult, tools};
use board::{Lane, Screen};
use script::{CALLS, NOTES, model};
use serde::Serialize;
use tools::{Desk, append, edit, read};

#[path = "race/board.rs"]
mod board;
#[path = "race/script.rs"]
mod script;
#[path = "race/tools.rs"]
mod tools;

type Failure = Box<dyn Error + Send + Sync>;

async fn by_agent(desk: Arc<Desk>, parallel: ParallelToolCalls) -> Result<Outcome, Failure> {
    let tools = tools![append, edit, read].with_state_arc(desk.clone());
    let agent = Agent::new(model()).parallel_tool_calls(parallel).tools(tools);
    let outcome = agent.run("Bring the notes up to date, and show them.").await?;
    desk.lane.end();
    Ok(outcome)
}

async fn all_at_once(desk: Arc<Desk>) -> Result<Vec<String>, Failure> {
    let tasks = CALLS.map(|call| {
        let desk = desk.clone();
        tokio::spawn(async move { call.by_hand(&desk).await })
    });
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await??);
    }
    desk.lane.end();
    Ok(results)
}

/// The lines that a note lacks, and those that stand there instead.
#[derive(Serialize)]
struct Damage {
    file: &'static str,
    lost: Vec<String>,
    instead: Vec<String>,
}

/// The notes that differ between two folders.
fn damage(right: &Path, wrong: &Path) -> io::Result<Vec<Damage>> {
    let mut notes = Vec::new();
    for (file, _) in NOTES {
        let [right, wrong] = [right, wrong].map(|folder| fs::read_to_string(folder.join(file)));
        let (right, wrong) = (right?, wrong?);
        if right != wrong {
            let (lost, instead) = (lines_beside(&right, &wrong), lines_beside(&wrong, &right));
            notes.push(Damage { file, lost, instead });
        }
    }
    Ok(notes)
}

/// The lines of a text that the other one has not.
fn lines_beside(text: &str, other: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| other.lines().all(|it| it != *line));
    lines.map(str::to_owned).collect()
}

/// All times in milliseconds.
#[derive(Serialize)]
struct Figures {
    serial_ms: f64,
    all_at_once_ms: f64,
    measured_ms: f64,
    critical_path_ms: f64,
    equal: bool,
    damage: Vec<Damage>,
}

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e4).round() / 10.0
}

impl Figures {
    fn print(&self) {
        println!("\nA cross is a lost change, or a read that came too early. Against one by one:");
        for Damage { file, lost, instead } in &self.damage {
            let lines = |mark, lines: &[String]| {
                lines.iter().map(|line| format!("{mark} {line}")).collect::<Vec<_>>().join(", ")
            };
            let line = format!("  {file:16}{:20}{}", lines('-', lost), lines('+', instead));
            println!("{}", line.trim_end());
        }
        let row = |name, ms: f64| println!("{name:18}{ms:>6.0} ms");
        println!("\nNo call failed.\n");
        row("one by one", self.serial_ms);
        row("all at once", self.all_at_once_ms);
        row("agent-core", self.measured_ms);
        row("critical path", self.critical_path_ms);
    }
}

/// Marks the calls of a lane that lost what they wrote, or read something else than they should.
fn mark_wrong(lane: &Lane, damage: &[Damage], read: &[String], right: &[&str]) {
    let lost = |text| damage.iter().any(|note| note.lost.iter().any(|line| line == text));
    let calls = CALLS.iter().zip(read.iter().zip(right));
    for (row, (call, (read, right))) in calls.enumerate() {
        if read != right || lost(call.row().1) {
            lane.mark_wrong(row);
        }
    }
}

async fn race(folder: &Path, json: bool) -> Result<bool, Failure> {
    let live = !json && stdout().is_terminal();
    let screen = if live { Screen::Live } else { Screen::Plain };
    let desk = |name| Desk::new(folder, name).map(Arc::new);
    let (first, second, third) = (desk("one by one")?, desk("all at once")?, desk("agent-core")?);
    let lanes = [&first.lane, &second.lane, &third.lane];

    if !json {
        println!("(Ten calls in one response. The model is scripted; the notes are real files.)\n");
    }
    let race = async {
        tokio::try_join!(
            by_agent(first.clone(), ParallelToolCalls::Never),
            all_at_once(second.clone()),
            by_agent(third.clone(), ParallelToolCalls::Auto),
        )
    };
    let (one_by_one, at_once, ours) = screen.watch(lanes, race).await?;

    if let Some(failed) = one_by_one.transcript().results().find(|result| result.is_error()) {
        return Err(failed.text().into());
    }
    let right: Vec<_> = one_by_one.transcript().results().map(ToolResult::text).collect();
    let same_results = ours.transcript().results().map(ToolResult::text).eq(right.iter().copied());
    let same_notes = damage(&first.folder, &third.folder)?.is_empty();
    let figures = Figures {
        serial_ms: ms(one_by_one.elapsed()),
        all_at_once_ms: ms(second.lane.took()),
        measured_ms: ms(ours.elapsed()),
        critical_path_ms: ms(ours.timeline().critical_path()),
        equal: same_notes && same_results,
        damage: damage(&first.folder, &second.folder)?,
    };
    if json {
        println!("{}", serde_json::to_string(&figures)?);
        return Ok(figures.equal);
    }
    mark_wrong(&second.lane, &figures.damage, &at_once, &right);
    let word = |right| if right { "right" } else { "WRONG" };
    screen.draw(lanes, ["right", word(figures.damage.is_empty()), word(figures.equal)]);
    figures.print();
    Ok(figures.equal)
}

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let json = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--json") => true,
        Some(other) => {
            eprintln!("error: there is no flag `{other}`\nusage: race [--json]");
            return Ok(ExitCode::from(2));
        }
    };
    let folder = tempfile::tempdir()?;
    let equal = race(folder.path(), json).await?;
    Ok(if equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
