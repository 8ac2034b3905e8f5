//! What becomes of the events of a run: text, and a line for each call.

use std::collections::BTreeMap;
use std::mem::take;
use std::pin::pin;
use std::time::{Duration, Instant};

use agent_core::{Event, EventKind, RunEnd, RunStream, ToolResult};
use console::style;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use crate::keyboard::Keyboard;
use crate::quiet::Quiet;
use crate::screen::Screen;

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME: Duration = Duration::from_millis(80);
/// The model may take so long without a word about it.
const PATIENCE: Duration = Duration::from_millis(600);

/// Shows a run to its end, or until Ctrl-C was pressed twice; an error was shown, too.
pub(crate) async fn show(
    mut run: RunStream<'_>,
    cancel: &CancellationToken,
    screen: &Screen,
    keyboard: &Keyboard,
) -> Result<(), ()> {
    let _quiet = screen.is_live().then(Quiet::new);
    let mut turn = Turn::default();
    let mut frames = interval(FRAME);
    let mut interrupted = pin!(keyboard.interrupted());
    loop {
        tokio::select! {
            event = run.next() => match event {
                Some(event) => turn.take(event, screen),
                None => break,
            },
            _ = frames.tick() => {}
            () = &mut interrupted => {
                if cancel.is_cancelled() {
                    turn.end("stopped, without waiting", screen);
                    break;
                }
                cancel.cancel();
                interrupted.set(keyboard.interrupted());
            }
        }
        screen.draw(turn.lines(cancel.is_cancelled()));
    }
    screen.draw(Vec::new());
    if turn.failed { Err(()) } else { Ok(()) }
}

/// What is going on.
#[derive(Default)]
struct Turn {
    /// Since when the model is silent, until it says something.
    silent: Option<Instant>,
    /// The calls that have not ended, by their number.
    calls: BTreeMap<usize, Row>,
    failed: bool,
}

struct Row {
    label: String,
    started: Option<Instant>,
    progress: String,
}

impl Turn {
    fn take(&mut self, event: Event, screen: &Screen) {
        match event.kind {
            EventKind::TurnStarted => {
                self.calls.clear();
                self.silent = Some(Instant::now());
            }
            EventKind::Text { text } => {
                self.silent = None;
                screen.text(&text);
            }
            EventKind::CallAnnounced { number, name, .. } => {
                self.silent = None;
                screen.end_text();
                self.calls.insert(number, Row::new(&name));
            }
            EventKind::CallWritten { number, label, .. } => {
                self.row(number, |row| row.label = label);
            }
            EventKind::CallStarted { number, .. } => {
                self.row(number, |row| row.started = Some(Instant::now()));
            }
            EventKind::CallProgress { number, text, .. } => {
                self.row(number, |row| row.progress = text);
            }
            EventKind::CallEnded { number, result, .. } => {
                if let Some(row) = self.calls.remove(&number) {
                    screen.line(&row.ended(&result));
                }
            }
            EventKind::TurnRestarted { error } => {
                self.calls.clear();
                self.silent = Some(Instant::now());
                screen.end_text();
                screen.line(&remark(&format!("asked again soon: {error}")));
            }
            EventKind::TurnEnded { .. } => screen.end_text(),
            EventKind::RunEnded { end } => match end {
                RunEnd::Done => self.end("", screen),
                RunEnd::Cancelled => self.end("stopped", screen),
                RunEnd::Truncated => self.end("the answer was too long and is cut off", screen),
                RunEnd::Refused => self.end("the model declined", screen),
                other => self.end(&format!("ended early: {other:?}"), screen),
            },
            EventKind::RunFailed { error } => {
                self.failed = true;
                self.end("", screen);
                screen.text(&format!("error: {error}"));
                screen.end_text();
            }
            _ => {}
        }
    }

    fn row(&mut self, number: usize, change: impl FnOnce(&mut Row)) {
        if let Some(row) = self.calls.get_mut(&number) {
            change(row);
        }
    }

    /// Nothing happens any more, and this is said about it.
    fn end(&mut self, why: &str, screen: &Screen) {
        self.silent = None;
        screen.end_text();
        for row in take(&mut self.calls).into_values() {
            screen.line(&row.done(false, "stopped"));
        }
        if !why.is_empty() {
            screen.line(&remark(why));
        }
    }

    /// The live lines.
    fn lines(&self, stopping: bool) -> Vec<String> {
        let mut lines: Vec<_> = self.calls.values().map(Row::line).collect();
        if let Some(since) = self.silent.filter(|since| since.elapsed() > PATIENCE) {
            let since = since.elapsed();
            lines.push(format!("  {} {}", spinner(since), dim(&seconds(since))));
        }
        if stopping && !self.calls.is_empty() {
            lines.push(remark("stopping: Ctrl-C again does not wait for the calls"));
        }
        lines
    }
}

impl Row {
    fn new(name: &str) -> Self {
        Self { label: format!("{name}(…)"), started: None, progress: String::new() }
    }

    fn line(&self) -> String {
        let Some(started) = self.started else { return dim(&format!("  · {}", self.label)) };
        let (spinner, time) = (spinner(started.elapsed()), seconds(started.elapsed()));
        format!("  {spinner} {}  {}  {}", self.label, dim(&time), dim(&self.progress))
    }

    fn ended(&self, result: &ToolResult) -> String {
        let why = result.text().lines().next().filter(|_| result.is_error());
        self.done(!result.is_error(), why.unwrap_or_default())
    }

    /// The line that stays.
    fn done(&self, well: bool, why: &str) -> String {
        let mark = if well { style("✓").green() } else { style("✗").red() };
        let time = self.started.map(|started| dim(&seconds(started.elapsed())));
        let parts = [Some(self.label.clone()), time, Some(why.to_owned())];
        let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        format!("  {mark} {}", parts.join("  "))
    }
}

fn spinner(since: Duration) -> String {
    let frame = since.as_millis() / FRAME.as_millis();
    let frame = SPINNER.iter().cycle().nth(frame as usize % SPINNER.len());
    style(frame.copied().unwrap_or_default()).cyan().to_string()
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn dim(text: &str) -> String {
    style(text).dim().to_string()
}

fn remark(text: &str) -> String {
    dim(&format!("({text})"))
}
