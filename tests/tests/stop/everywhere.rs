//! Runs that are dropped, cancelled and disturbed at every point there is.

mod bytes;
mod polls;
mod told;

use agent_core::{CallStatus, Conversation, Response, RunEnd, ToolCall, Transcript};
use agent_tests::support::diary::{self, Diary};
use agent_tests::support::saved;
use std::io::Write;
use tokio::runtime::{Builder, Runtime};

fn paused() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// Past the capture of the test harness: how much was proven is worth knowing when all is well.
fn say(line: &str) {
    _ = writeln!(std::io::stderr(), "{line}");
}

/// Says where it was when a test fails; forgotten if it does not.
struct Told(String);

impl Drop for Told {
    fn drop(&mut self) {
        say(&format!("failed: {}", self.0));
    }
}

/// The transcript is valid and has one result for each call, which tells what the diary tells.
fn assert_true(transcript: &Transcript, diary: &Diary) {
    saved(transcript);
    let calls: Vec<&ToolCall> = transcript.responses().flat_map(Response::calls).collect();
    let results: Vec<_> = transcript.results().collect();
    assert_eq!(calls.len(), results.len(), "{:?}", diary.lines());
    for (call, result) in calls.iter().zip(results) {
        assert_eq!((call.id(), call.name()), (result.call_id(), result.name()));
        // Each write has a name of its own in the diary, and is made once at most.
        let Some(write) = name_of_write(call) else { continue };
        let begun = diary.count(&format!("{write} begins"));
        let ended = diary.count(&format!("{write} ends"));
        let wanted = match result.status() {
            CallStatus::Completed => (1, 1),
            CallStatus::NotRun | CallStatus::Failed => (0, 0),
            _ => (1, 0),
        };
        assert_eq!((begun, ended), wanted, "{write} {result:?}: {:?}", diary.lines());
    }
    for write in ["poke a", "poke b", "poke c", "save"] {
        let is_told = calls.iter().any(|call| name_of_write(call).as_deref() == Some(write));
        assert!(is_told || diary.count(&format!("{write} begins")) == 0, "{write} was forgotten");
    }
}

fn name_of_write(call: &ToolCall) -> Option<String> {
    let arguments: serde_json::Value = serde_json::from_str(call.arguments()).ok()?;
    match call.name() {
        "poke" => Some(format!("poke {}", arguments["path"].as_str()?)),
        "save" => Some("save".to_owned()),
        _ => None,
    }
}

/// Whatever stopped the run: the chat is valid, nothing happens any more, and it goes on to its end, however
/// often it is stopped on the way.
async fn assert_goes_on(chat: &mut Conversation, diary: &Diary) {
    const OFTEN: usize = 6;
    for _ in 0..OFTEN {
        diary::assert_quiet(diary).await;
        assert_true(chat.transcript(), diary);
        let stop = chat.send("go on").await.map(|outcome| outcome.end().clone());
        if matches!(stop, Ok(RunEnd::Done)) {
            diary::assert_quiet(diary).await;
            return assert_true(chat.transcript(), diary);
        }
    }
    panic!("it does not go on");
}
