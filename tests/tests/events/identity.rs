//! Which run, turn and call an event is of, and when it happened.

use agent_core::{
    Agent, Decision, Event, EventKind, Outcome, PendingCall, Response, RunStream, Timeline,
    ToolCall, Transcript,
};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

use crate::agent;
use agent_tests::support::diary::Diary;
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::{ms, once, plan};

fn script() -> Script {
    Script::new().with_text("so").after(5).calls("look 30, look 30, save 20, tell 20").after(10)
}

/// The number and the id of the call that an event is of.
fn call_of(event: &Event) -> Option<(usize, String)> {
    let json: Value = serde_json::to_value(event).unwrap();
    let number = usize::try_from(json.get("number")?.as_u64().unwrap()).unwrap();
    Some((number, json["id"].as_str().unwrap().to_owned()))
}

async fn all(mut run: RunStream<'_>) -> (Vec<Event>, Outcome) {
    let mut events = Vec::new();
    let began = Instant::now();
    while let Some(event) = run.next().await {
        assert_eq!(event.at, began.elapsed());
        events.push(event);
    }
    (events, run.outcome().await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn two_runs_of_one_agent_are_told_apart() {
    let diary = Diary::new();
    let agent = agent(&diary, [script().end(), script().end()]);
    let (one, other) = (agent.stream("go"), agent.stream("go"));
    let ids = (one.run_id(), other.run_id());
    assert_ne!(ids.0, ids.1);
    let ((one, first), (other, second)) = tokio::join!(all(one), all(other));
    assert!(one.iter().all(|event| event.run == ids.0));
    assert!(other.iter().all(|event| event.run == ids.1));
    assert_eq!((first.run_id(), second.run_id()), ids);
}

#[tokio::test(start_paused = true)]
async fn each_run_of_a_conversation_has_an_id() {
    let mut chat = Agent::new(Streamed::new([])).conversation(Transcript::default());
    let one = chat.send("one").await.unwrap().run_id();
    let run = chat.send("two");
    let other = run.run_id();
    assert_ne!(one, other);
    assert_eq!(run.await.unwrap().run_id(), other);
}

#[tokio::test(start_paused = true)]
async fn equal_calls_are_told_apart_and_are_those_of_the_transcript_and_the_timeline() {
    for whole in [false, true] {
        let diary = Diary::new();
        let scripts = [script().end(), script().end()];
        let model = if whole { Streamed::quiet(scripts) } else { Streamed::new(scripts) };
        let (events, outcome) = all(Agent::new(model).tools(diary.tools()).stream("go")).await;
        let responses: Vec<_> = outcome.transcript().responses().collect();
        let mut of_calls = 0;
        for event in &events {
            let Some((number, id)) = call_of(event) else { continue };
            let turn = usize::try_from(event.turn).unwrap();
            let call = responses[turn - 1].calls().nth(number - 1).unwrap();
            assert_eq!(id, call.id(), "{event:?}");
            of_calls += 1;
        }
        assert!(of_calls > 40);
        let timeline = outcome.timeline();
        let spans = timeline.calls().iter().map(|call| (call.turn, call.number, &*call.id));
        let calls = [1, 2].map(|turn| {
            (1..).zip(responses[turn - 1].calls()).map(move |(number, call)| (turn, number, call))
        });
        let calls = calls.into_iter().flatten();
        let calls = calls
            .map(|(turn, number, call)| (u32::try_from(turn).unwrap(), number, ToolCall::id(call)));
        assert_eq!(spans.collect::<Vec<_>>(), calls.collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn events_have_their_times_and_turns_in_order() {
    let diary = Diary::new();
    let scripts = [script().breaks_for(1000), script().end(), script().end()];
    let (events, outcome) = all(agent(&diary, scripts).stream("go")).await;
    assert!(events.is_sorted_by_key(|event| (event.turn, event.at)));
    let turns: Vec<_> = events
        .iter()
        .filter(|event| event.kind == EventKind::TurnStarted)
        .map(|event| (event.turn, event.at))
        .collect();
    let timeline = outcome.timeline();
    let spans = timeline.turns().iter().map(|turn| turn.started);
    assert_eq!(turns, (1..).zip(spans).collect::<Vec<_>>());
    let last = events.last().unwrap();
    assert_eq!((last.turn, last.at), (3, outcome.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_begin_has_an_id_and_no_turn() {
    let agent = Agent::new(once(Response::new())).tools(Diary::new().all_tools());
    let mut run = agent.stream("go");
    let event = run.next().await.unwrap();
    assert_eq!((event.run, event.turn, event.at), (run.run_id(), 0, Duration::ZERO));
    let id = run.run_id();
    assert_eq!(run.outcome().await.unwrap_err().run_id(), id);
}

#[tokio::test(start_paused = true)]
async fn an_approval_is_matched_with_the_stream() {
    let diary = Diary::new();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    let agent = Agent::new(once(plan("look 10, wipe 10, wipe 10")))
        .tools(diary.all_tools())
        .approve(move |call: PendingCall| {
            let named = (call.run(), call.turn(), call.number(), call.id().to_owned());
            seen.lock().unwrap().push(named);
            async {
                sleep(ms(50)).await;
                Decision::Allow
            }
        });
    let (events, _) = all(agent.stream("go")).await;
    let requested: Vec<_> = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::ApprovalRequested { .. }))
        .map(|event| {
            let (number, id) = call_of(event).unwrap();
            (event.run, event.turn, number, id)
        })
        .collect();
    assert_eq!(requested.len(), 2);
    assert_eq!(*asked.lock().unwrap(), requested);
}

#[tokio::test(start_paused = true)]
async fn a_timeline_of_a_run_is_the_same_after_json() {
    let diary = Diary::new();
    let scripts = [script().breaks_for(1000), script().end()];
    let timeline = agent(&diary, scripts).run("go").await.unwrap().timeline();
    assert_eq!(timeline.calls().len(), 4);
    let json = serde_json::to_string(&timeline).unwrap();
    assert_eq!(serde_json::from_str::<Timeline>(&json).unwrap(), timeline, "{json}");
}
