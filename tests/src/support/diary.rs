//! Tools that write down when they begin and how they end.

use agent_core::{Lock, State, ToolContext, ToolError, Toolset, tool, tools};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What the tools did, and after how many milliseconds.
#[derive(Debug, State)]
pub struct Diary {
    #[lend(skip)]
    began: Mutex<Instant>,
    #[lend(skip)]
    lines: Mutex<Vec<(u64, String)>>,
    #[lend(mut Tally)]
    tally: Lock<Tally>,
}

/// How often a call has changed it.
#[derive(Debug, Default)]
pub struct Tally(u64);

impl Diary {
    pub fn new() -> Arc<Self> {
        let (began, lines) = (Mutex::new(Instant::now()), Mutex::default());
        Arc::new(Self { began, lines, tally: Lock::default() })
    }

    /// The tools of this file that need no approval.
    pub fn tools(self: &Arc<Self>) -> Toolset {
        tools![alone, count, end, fail, hang, look, narrow, peek, polite, poke, save, tell, think]
            .with_state_arc(self.clone())
    }

    /// Few of them, where each run counts.
    pub fn few_tools(self: &Arc<Self>) -> Toolset {
        tools![peek, poke, think].with_state_arc(self.clone())
    }

    /// All tools of this file.
    pub fn all_tools(self: &Arc<Self>) -> Toolset {
        self.tools().and(tools![wipe].with_state_arc(self.clone())).unwrap()
    }

    /// Begins a new page: empty, and at no time.
    pub fn turn_over(&self) {
        *self.began.lock().unwrap() = Instant::now();
        self.lines.lock().unwrap().clear();
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.lock().unwrap().elapsed().as_millis()).unwrap()
    }

    pub fn note(&self, line: impl Into<String>) {
        let time = self.now();
        self.lines.lock().unwrap().push((time, line.into()));
    }

    pub fn lines(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines.iter().map(|(time, line)| format!("{time} {line}")).collect()
    }

    /// How many lines are like this one, without the time.
    pub fn count(&self, line: &str) -> usize {
        self.lines.lock().unwrap().iter().filter(|(_, other)| other == line).count()
    }

    pub fn len(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    /// When such a line was written for the first time.
    pub fn when(&self, line: &str) -> Option<u64> {
        self.lines.lock().unwrap().iter().find(|(_, other)| other == line).map(|(time, _)| *time)
    }

    async fn work(&self, name: &str, time: u64) -> u64 {
        let visit = Visit::begin(self, name);
        sleep(Duration::from_millis(time)).await;
        visit.end();
        time
    }
}

/// A body that is dropped before its end was stopped.
struct Visit<'a>(&'a Diary, &'a str, bool);

impl<'a> Visit<'a> {
    fn begin(diary: &'a Diary, name: &'a str) -> Self {
        diary.note(format!("{name} begins"));
        Self(diary, name, false)
    }

    fn end(mut self) {
        self.2 = true;
        self.0.note(format!("{} ends", self.1));
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        if !self.2 {
            self.0.note(format!("{} is stopped", self.1));
        }
    }
}

/// Read for some time.
#[tool(read)]
async fn look(diary: &Diary, ms: u64) -> u64 {
    diary.work("look", ms).await
}

/// Read a file for some time.
#[tool(read(file = path))]
async fn peek(diary: &Diary, path: &str, ms: u64) -> u64 {
    diary.work(&format!("peek {path}"), ms).await
}

/// Write a file for some time.
#[tool(write(file = path))]
async fn poke(diary: &Diary, path: &str, ms: u64) -> u64 {
    diary.work(&format!("poke {path}"), ms).await
}

/// Write for some time.
#[tool(write)]
async fn save(diary: &Diary, ms: u64) -> u64 {
    diary.work("save", ms).await
}

/// Touch nothing for some time.
#[tool(pure)]
async fn think(diary: &Diary, ms: u64) -> u64 {
    diary.work("think", ms).await
}

/// Change state for some time, and touch nothing else.
#[tool]
async fn count(diary: &Diary, tally: &mut Tally, ms: u64) -> u64 {
    tally.0 += 1;
    diary.work("count", ms).await
}

/// Delete for some time.
#[tool(destructive)]
async fn wipe(diary: &Diary, ms: u64) -> u64 {
    diary.work("wipe", ms).await
}

/// Read alone.
#[tool(read, solo)]
async fn alone(diary: &Diary, ms: u64) -> u64 {
    diary.work("alone", ms).await
}

/// Read, one at a time.
#[tool(read, max_concurrent = 1)]
async fn narrow(diary: &Diary, ms: u64) -> u64 {
    diary.work("narrow", ms).await
}

/// Fail after some time.
#[tool(read)]
async fn fail(diary: &Diary, ms: u64) -> Result<u64, String> {
    diary.work("fail", ms).await;
    Err("no such file".to_owned())
}

/// End the run after some time.
#[tool(read)]
async fn end(diary: &Diary, ms: u64) -> Result<u64, ToolError> {
    diary.work("end", ms).await;
    Err(ToolError::fatal("the account is closed"))
}

/// Read for ever, or until the call's own time is over.
#[tool(read, timeout = "2s")]
async fn hang(diary: &Diary, ms: u64) -> u64 {
    diary.work("hang", ms).await
}

/// Write until the run is cancelled, and then a little more.
#[tool(write("polite"))]
async fn polite(diary: &Diary, call: ToolContext, ms: u64) -> String {
    let visit = Visit::begin(diary, "polite");
    call.cancelled().await;
    sleep(Duration::from_millis(ms)).await;
    visit.end();
    "stopped in good order".to_owned()
}

/// Say how far it is, every 10 ms.
#[tool(read)]
async fn tell(diary: &Diary, call: ToolContext, ms: u64) -> u64 {
    let visit = Visit::begin(diary, "tell");
    for done in 0..ms / 10 {
        call.progress(format!("{done}"));
        sleep(Duration::from_millis(10)).await;
    }
    visit.end();
    ms
}

/// Nothing happens after the end of a run: what was stopped is dropped, and that is all.
pub async fn assert_quiet(diary: &Diary) {
    let (before, now) = (diary.len(), diary.now());
    sleep(Duration::from_secs(600)).await;
    let lines = diary.lines.lock().unwrap();
    let is_drop = |(time, line): &(u64, String)| *time == now && line.ends_with("is stopped");
    assert!(lines[before..].iter().all(is_drop), "after the end: {:?}", &lines[before..]);
}
