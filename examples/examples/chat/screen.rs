//! The terminal: text that stays, and below it live lines that are drawn anew.

use std::io::{Write, stdout};
use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};

use console::{Term, measure_text_width, truncate_str};

/// Text in wider lines is hard to read.
const WIDEST: usize = 100;

pub(crate) struct Screen {
    /// On a terminal; else all is plain text, and there are no live lines.
    live: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    text: Wrap,
    lines: Vec<String>,
    /// What stands below the text by now: the column where that ended, and the width of each line.
    drawn: (usize, Vec<usize>),
    /// Somebody else writes on the terminal.
    held: bool,
}

/// Nothing is drawn until this is dropped.
pub(crate) struct Held<'a>(&'a Screen);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.state().held = false;
    }
}

impl Screen {
    pub(crate) fn new(live: bool) -> Self {
        Self { live, state: Mutex::default() }
    }

    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn size(&self) -> (usize, usize) {
        let (height, width) = Term::stdout().size();
        if self.live { (height.into(), width.into()) } else { (usize::MAX, usize::MAX) }
    }

    /// More text, from where it ended.
    pub(crate) fn text(&self, piece: &str) {
        let width = if self.live { self.size().1.min(WIDEST) } else { usize::MAX };
        self.state().text.push(piece, width);
    }

    /// What comes next begins on a line of its own.
    pub(crate) fn end_text(&self) {
        self.state().text.end_line();
    }

    /// A line that stays; what does not fit is cut off.
    pub(crate) fn line(&self, line: &str) {
        let width = self.size().1;
        let mut state = self.state();
        state.text.end_line();
        state.text.ready += &truncate_str(line, width.saturating_sub(1), "…");
        state.text.ready.push('\n');
    }

    /// Shows what is new, with these lines below it.
    pub(crate) fn draw(&self, lines: Vec<String>) {
        let (height, width) = self.size();
        let mut state = self.state();
        if state.held || state.text.ready.is_empty() && state.lines == lines {
            return;
        }
        state.lines = lines;
        let frame =
            if self.live { state.frame(height, width) } else { take(&mut state.text.ready) };
        // Whoever reads this is gone: the next line of the input will not come either.
        _ = stdout().lock().write_all(frame.as_bytes()).and_then(|()| stdout().flush());
    }

    /// Leaves the terminal to somebody else, who begins at the start of a line and ends so.
    pub(crate) fn hold(&self) -> Held<'_> {
        self.end_text();
        self.draw(Vec::new());
        self.state().held = true;
        Held(self)
    }
}

/// The cursor must not stay hidden.
impl Drop for Screen {
    fn drop(&mut self) {
        self.draw(Vec::new());
    }
}

impl State {
    /// What leads from what is drawn to what should be, in one piece: then nothing flickers.
    fn frame(&mut self, height: usize, width: usize) -> String {
        let width = width.max(2);
        let (column, below) = take(&mut self.drawn);
        // A terminal that was made narrower has broken lines in two.
        let rows: usize = below.iter().map(|line| line.max(&1).div_ceil(width)).sum();
        let up = if column == 0 { rows.saturating_sub(1) } else { rows };
        let up = if up > 0 { format!("\x1b[{up}A") } else { String::new() };
        let right = column % width;
        let right = if right > 0 { format!("\x1b[{right}C") } else { String::new() };

        let lines = fit(&self.lines, height, width);
        let break_before = if self.text.column > 0 && !lines.is_empty() { "\n" } else { "" };
        let body = format!("{}{break_before}{}", take(&mut self.text.ready), lines.join("\n"));
        let body = body.replace('\n', "\x1b[K\r\n");
        let cursor = if lines.is_empty() { "\x1b[?25h" } else { "\x1b[?25l" };
        let widths = lines.iter().map(|line| measure_text_width(line)).collect();
        self.drawn = (self.text.column, widths);
        // The first and the last code keep terminals that know them from showing half of it.
        format!("\x1b[?2026h\r{up}{right}{body}\x1b[J{cursor}\x1b[?2026l")
    }
}

/// As many lines as there is room for, each in one row.
fn fit(lines: &[String], height: usize, width: usize) -> Vec<String> {
    let most = height.saturating_sub(3).max(1);
    let shown = if lines.len() > most { most - 1 } else { lines.len() };
    let cut = |line: &String| truncate_str(line, width - 1, "…").into_owned();
    let mut fitting: Vec<_> = lines.iter().take(shown).map(cut).collect();
    if shown < lines.len() {
        fitting.push(cut(&format!("  … and {} more", lines.len() - shown)));
    }
    fitting
}

/// Breaks text between words, while it comes.
#[derive(Default)]
struct Wrap {
    width: usize,
    /// What can be shown.
    ready: String,
    /// Where it ends.
    column: usize,
    spaces: usize,
    /// What comes next, if it is no longer than that.
    word: String,
}

impl Wrap {
    fn push(&mut self, piece: &str, width: usize) {
        self.width = width;
        // No other character that controls the terminal passes.
        for c in piece.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')) {
            match c {
                '\n' => {
                    self.end_word();
                    self.ready.push('\n');
                    (self.column, self.spaces) = (0, 0);
                }
                ' ' | '\t' => {
                    self.end_word();
                    self.spaces += if c == ' ' { 1 } else { 4 };
                }
                c => self.word.push(c),
            }
            // Some scripts have no spaces, and some words no end.
            let long = self.word.len() > 1 && measure_text_width(&self.word) + 1 >= width;
            if long || !c.is_ascii() && measure_text_width(c.encode_utf8(&mut [0; 4])) == 2 {
                self.end_word();
            }
        }
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let length = measure_text_width(&self.word);
        if self.column > 0 && self.column + self.spaces + length >= self.width {
            self.ready.push('\n');
            self.column = 0;
        } else {
            self.ready.extend(std::iter::repeat_n(' ', self.spaces));
            self.column += self.spaces;
        }
        self.ready += &take(&mut self.word);
        self.column += length;
        self.spaces = 0;
    }

    fn end_line(&mut self) {
        self.end_word();
        if self.column > 0 {
            self.ready.push('\n');
        }
        (self.column, self.spaces) = (0, 0);
    }
}
