//! The timeline, as data and as the text that a user sees.

use agent_core::Access::{Pure, Read, Write};
use agent_core::CallStatus::{Completed, Failed, TimedOut};
use agent_core::{
    Agent, Lock, Response, ScriptedModel, Toolset, Transcript, WaitedFor, tool, tools,
};
use agent_tests::support::{ms, once, plan};
use std::time::Duration;
use tokio::time::sleep;

/// Read a file.
#[tool(read)]
async fn read(path: String, ms: u64) -> Result<String, String> {
    sleep(Duration::from_millis(ms)).await;
    match path.as_str() {
        "missing.md" => Err("no such file".to_owned()),
        _ => Ok(path),
    }
}

/// Edit a file.
#[tool(write)]
async fn edit(path: String, ms: u64) -> String {
    sleep(Duration::from_millis(ms)).await;
    path
}

/// Look something up.
#[tool(read)]
async fn lookup(ms: u64) -> u64 {
    sleep(Duration::from_millis(ms)).await;
    ms
}

/// Hang.
#[tool(pure, timeout = "250ms")]
async fn hang() {
    std::future::pending::<()>().await;
}

fn small_run() -> Agent {
    let model = ScriptedModel::new()
        .latency(ms(400))
        .turn(|_| {
            Response::new()
                .call("read", r#"{"path":"a.md","ms":300}"#)
                .call("lookup", r#"{"ms":200}"#)
                .call("edit", r#"{"path":"a.md","ms":100}"#)
                .call("read", r#"{"path":"missing.md","ms":200}"#)
                .call("hang", "{}")
                .call("delete", r#"{"path":"b.md"}"#)
        })
        .turn(|_| Response::new().with_text("done"));
    Agent::new(model).tools(tools![read, edit, lookup, hang])
}

#[tokio::test(start_paused = true)]
async fn a_small_run_as_a_waterfall() {
    let outcome = small_run().run("go").await.unwrap();
    let expected = "\
turn 1: model               ▏▒▒▒▒▒▒▒▒▒▒▒                             ▕    400 ms
  #1 read(a.md, 300)        ▏           █████████                    ▕    300 ms
  #2 lookup(200)            ▏           ██████                       ▕    200 ms
  #3 edit(a.md, 100)        ▏           ·········██                  ▕    100 ms  waited 300 ms for #1 read(a.md, 300)
  #4 read(missing.md, 200)  ▏           ···········××××××            ▕    200 ms  waited 400 ms for #3 edit(a.md, 100)  failed
  #5 hang()                 ▏           ×××××××                      ▕    250 ms  timed out
  #6 delete(b.md)           ▏           ×                            ▕      0 ms  failed
turn 2: model               ▏                            ▒▒▒▒▒▒▒▒▒▒▒▒▕    400 ms
1.40 s in all; one by one 1.85 s, critical path 1.40 s";
    assert_eq!(outcome.timeline().to_string(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_small_run_as_data() {
    let timeline = small_run().run("go").await.unwrap().timeline();
    let turns: Vec<_> = timeline.turns().iter().map(|turn| (turn.started, turn.ended)).collect();
    assert_eq!(turns, [(ms(0), ms(400)), (ms(1000), ms(1400))]);
    assert_eq!((timeline.elapsed(), timeline.sequential_time()), (ms(1400), ms(1850)));
    assert_eq!(timeline.critical_path(), ms(1400));

    let calls = timeline.calls();
    assert!(calls.iter().all(|call| call.turn == 1 && call.queued == ms(400)));
    assert_eq!(calls.iter().map(|call| call.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    let started: Vec<_> = calls.iter().map(|call| call.started).collect();
    let at = |time| Some(ms(time));
    assert_eq!(started, [at(400), at(400), at(700), at(800), at(400), None]);
    let ended: Vec<_> = calls.iter().map(|call| call.ended).collect();
    assert_eq!(ended, [700, 600, 800, 1000, 650, 400].map(ms));
    let waited: Vec<_> = calls.iter().map(|call| (call.waited(), call.waited_for)).collect();
    let free = (ms(0), None);
    let after = |time, call| (ms(time), Some(WaitedFor::Call(call)));
    assert_eq!(waited, [free, free, after(300, 1), after(400, 3), free, free]);
    let access: Vec<_> = calls.iter().map(|call| call.access).collect();
    assert_eq!(access, [Some(Read), Some(Read), Some(Write), Some(Read), Some(Pure), None]);
    let status: Vec<_> = calls.iter().map(|call| call.status).collect();
    assert_eq!(status, [Completed, Completed, Completed, Failed, TimedOut, Failed]);
    assert_eq!(calls[3].label(), "read(missing.md, 200)");
    assert_eq!(calls[3].ran(), ms(200));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_a_slot_says_so() {
    let agent = Agent::new(once(plan("lookup 30, lookup 20"))).tools(tools![lookup]);
    let timeline = agent.concurrency(1).run("go").await.unwrap().timeline();
    let second = &timeline.calls()[1];
    assert_eq!((second.waited(), second.waited_for), (ms(30), Some(WaitedFor::Slot)));
    assert!(timeline.to_string().contains("waited 30 ms for a slot"));
}

#[derive(Default)]
struct Count(u64);

/// Count up.
#[tool]
async fn count(count: &mut Count, ms: u64) -> u64 {
    sleep(Duration::from_millis(ms)).await;
    count.0 += 1;
    count.0
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_another_run_says_so() {
    let tools: Toolset = tools![count].with_state(Lock::new(Count::default()));
    let run = |ms| Agent::new(once(plan(ms))).tools(tools.clone());
    let (first, second) = (run("count 50"), run("count 10"));
    let (first, second) = tokio::join!(first.run("go"), second.run("go"));
    assert_eq!(first.unwrap().timeline().calls()[0].waited_for, None);
    let timeline = second.unwrap().timeline();
    assert_eq!(timeline.calls()[0].waited_for, Some(WaitedFor::OtherRun));
    assert_eq!(timeline.calls()[0].waited(), ms(50));
    assert!(timeline.to_string().contains("waited 50 ms for another run"), "{timeline}");
}

#[tokio::test(start_paused = true)]
async fn the_timeline_of_a_conversation_has_the_last_run_only() {
    let model = ScriptedModel::new()
        .turn(|_| plan("lookup 10, lookup 20"))
        .turn(|_| Response::new().with_text("one"))
        .turn(|_| plan("lookup 30"))
        .turn(|_| Response::new().with_text("two"));
    let mut chat = Agent::new(model).tools(tools![lookup]).conversation(Transcript::default());
    chat.send("one").await.unwrap();
    sleep(Duration::from_secs(100)).await;
    let timeline = chat.send("two").await.unwrap().timeline();
    assert_eq!(timeline.turns().len(), 2);
    assert_eq!(timeline.calls().len(), 1);
    assert_eq!(timeline.calls()[0].label(), "lookup(30)");
    assert_eq!((timeline.calls()[0].turn, timeline.elapsed()), (1, ms(30)));
}

#[tokio::test(start_paused = true)]
async fn the_timeline_of_a_run_without_calls_is_one_line_and_its_sum() {
    let model = ScriptedModel::new().latency(ms(1500)).turn(|_| Response::new().with_text("hi"));
    let outcome = Agent::new(model).run("hi").await.unwrap();
    assert_eq!(
        outcome.timeline().to_string(),
        "turn 1: model  ▏▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▕    1.50 s\n\
         1.50 s in all; one by one 1.50 s, critical path 1.50 s"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_model_writes_cannot_break_the_lines() {
    let response = Response::new()
        .call("lookup\n\u{202e}evil", r#"{"a":"one\ntwo","b":[1,2,3,4,5,6,7,8,9]}"#)
        .call("lookup", "{\"ms\":\n1")
        .call("a".repeat(100), "\"".repeat(100));
    let outcome = Agent::new(once(response)).tools(tools![lookup]).run("go").await.unwrap();
    let text = outcome.timeline().to_string();
    assert_eq!(text.lines().count(), 2 + 3 + 1, "{text}");
    assert!(text.lines().all(|line| line.chars().count() < 160), "{text}");
    assert!(!text.contains('\u{202e}'), "{text}");
}
