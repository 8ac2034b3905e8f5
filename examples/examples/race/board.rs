//! The board: a row for each call and a column for each lane, drawn anew while they run.

use std::pin::pin;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::interval;

/// The width of a lane, and what one column of it stands for.
const WIDTH: usize = 19;
const COLUMN: Duration = Duration::from_millis(450);

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";

/// How far a lane has come.
pub(crate) struct Lane {
    name: &'static str,
    began: Instant,
    took: OnceLock<Duration>,
    rows: Mutex<Vec<Row>>,
}

/// A call of a lane.
struct Row {
    label: String,
    text: &'static str,
    began: Option<Duration>,
    ended: Option<Duration>,
    wrong: bool,
}

/// A call that runs, until this is dropped.
pub(crate) struct Running<'a> {
    lane: &'a Lane,
    row: usize,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let now = self.lane.began.elapsed();
        if let Some(row) = self.lane.rows().get_mut(self.row) {
            row.ended = Some(now);
        }
    }
}

impl Lane {
    pub(crate) fn new(
        name: &'static str,
        calls: impl IntoIterator<Item = (String, &'static str)>,
    ) -> Self {
        let row = |(label, text)| Row { label, text, began: None, ended: None, wrong: false };
        let rows = Mutex::new(calls.into_iter().map(row).collect());
        Self { name, began: Instant::now(), took: OnceLock::new(), rows }
    }

    fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call begins: the first of those that say the same.
    pub(crate) fn begin(&self, label: &str, text: &str) -> Running<'_> {
        let now = self.began.elapsed();
        let mut rows = self.rows();
        let same = |row: &Row| row.began.is_none() && (&*row.label, row.text) == (label, text);
        let row = rows.iter().position(same).unwrap_or(rows.len());
        if let Some(row) = rows.get_mut(row) {
            row.began = Some(now);
        }
        Running { lane: self, row }
    }

    /// All calls have ended.
    pub(crate) fn end(&self) {
        self.took.get_or_init(|| self.began.elapsed());
    }

    /// The result or the effect of this call is not what it should be.
    pub(crate) fn mark_wrong(&self, row: usize) {
        if let Some(row) = self.rows().get_mut(row) {
            row.wrong = true;
        }
    }

    pub(crate) fn took(&self) -> Duration {
        self.took.get().copied().unwrap_or_else(|| self.began.elapsed())
    }
}

/// Where the board is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    /// On a terminal, again and again at the same place.
    Live,
    /// Once, without colours.
    Plain,
}

impl Screen {
    /// Draws the lanes until `race` is over.
    pub(crate) async fn watch<T>(self, lanes: [&Lane; 3], race: impl Future<Output = T>) -> T {
        if self == Self::Plain {
            return race.await;
        }
        print!("{}", "\n".repeat(self.frame(lanes, [""; 3]).len()));
        let mut race = pin!(race);
        let mut frames = interval(Duration::from_millis(50));
        loop {
            tokio::select! {
                over = &mut race => return over,
                _ = frames.tick() => self.draw(lanes, [""; 3]),
            }
        }
    }

    /// Draws the lanes, with a word about each.
    pub(crate) fn draw(self, lanes: [&Lane; 3], words: [&str; 3]) {
        let frame = self.frame(lanes, words);
        let (up, clear) = match self {
            Self::Live => (format!("\x1b[{}A", frame.len()), "\x1b[2K"),
            Self::Plain => (String::new(), ""),
        };
        println!("{up}{clear}{}", frame.join(&format!("\n{clear}")));
    }

    fn frame(self, lanes: [&Lane; 3], words: [&str; 3]) -> Vec<String> {
        let line = |label: &str, cells: [String; 3]| {
            format!("{label:18}{}", cells.join(" ")).trim_end().to_owned()
        };
        let pad = |text: &str, colour| self.paint(&format!("{text:WIDTH$}"), colour);
        let labels: Vec<_> = lanes[0].rows().iter().map(|row| row.label.clone()).collect();

        let mut frame = vec![line("", lanes.map(|lane| pad(lane.name, BOLD)))];
        for (row, label) in labels.iter().enumerate() {
            let cell = |lane: &Lane| lane.rows().get(row).map(|row| self.bar(row, lane.took()));
            frame.push(line(label, lanes.map(|lane| cell(lane).unwrap_or_default())));
        }
        let seconds = |lane: &Lane| format!("{:.1} s", lane.took().as_secs_f64());
        frame.push(line("", lanes.map(|lane| pad(&seconds(lane), BOLD))));
        let colour = |word| if word == "right" { GREEN } else { RED };
        frame.push(line("", words.map(|word| pad(word, colour(word)))));
        frame
    }

    fn bar(self, row: &Row, now: Duration) -> String {
        const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
        let Some(began) = row.began else { return " ".repeat(WIDTH) };
        let eighths = |time: Duration| {
            let eighths = time.as_micros() * 8 / COLUMN.as_micros();
            usize::try_from(eighths).unwrap_or_default().min(8 * WIDTH)
        };
        let before = (eighths(began) / 8).min(WIDTH - 1);
        let length = eighths(row.ended.unwrap_or(now)).saturating_sub(8 * before).max(1);
        let bar = match row.wrong {
            true => "×".repeat(length.div_ceil(8)),
            false => "█".repeat(length / 8) + PARTS.get(length % 8).unwrap_or(&""),
        };
        let colour = match (row.wrong, row.ended) {
            (true, _) => RED,
            (false, None) => YELLOW,
            (false, Some(_)) => "",
        };
        let room = WIDTH - before;
        " ".repeat(before) + &self.paint(&format!("{bar:room$}"), colour)
    }

    fn paint(self, text: &str, colour: &str) -> String {
        match self {
            Self::Live => format!("{colour}{text}\x1b[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}
