//! The order of events.

use agent_core::{
    Agent, Decision, EventKind, Limits, ModelErrorKind, Response, RunEnd, ScriptedModel, StopReason,
};
use tokio::time::Instant;

use crate::agent;
use agent_tests::support::diary::Diary;
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::watched::{watched, words};
use agent_tests::support::{ms, once, plan};

fn rich() -> Script {
    Script::new()
        .after(100)
        .thinking("Let me see. ")
        .thinking("Well.")
        .after(100)
        .with_text("I look ")
        .with_text("and save.")
        .call("look", r#"{"ms":50}"#)
        .after(100)
        .call("save", r#"{"ms":20}"#)
        .after(500)
        .end()
}

#[tokio::test(start_paused = true)]
async fn a_streamed_turn_tells_all_when_it_happens() {
    let diary = Diary::new();
    let seen = watched(agent(&diary, [rich()]).stream("go")).await;
    assert_eq!(
        seen.timed(),
        [
            "0 turn 1",
            "100 thinking Let me see. ",
            "100 thinking Well.",
            "200 text I look ",
            "200 text and save.",
            "200 call 1 look",
            r#"200 arguments 1 {"ms"#,
            r#"200 arguments 1 ":50}"#,
            "300 written 1 look(50)",
            "300 call 2 save",
            r#"300 arguments 2 {"ms"#,
            r#"300 arguments 2 ":20}"#,
            "300 start 1 look",
            "350 end 1 Completed",
            "800 written 2 save(20)",
            "800 start 2 save",
            "820 end 2 Completed",
            "820 turn ends ToolUse",
            "820 turn 2",
            "820 text done",
            "820 turn ends EndTurn",
            "820 run ends Done",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_tells_the_same_besides_the_cuts_of_its_texts() {
    let streamed = told(Agent::new(Streamed::new([rich()])).eager_calls(false)).await;
    assert_eq!(streamed, told(Agent::new(Streamed::quiet([rich()]))).await);
    let early = told(Agent::new(Streamed::new([rich()]))).await;
    let (mut one, mut other) = (early, streamed);
    one.sort();
    other.sort();
    assert_eq!(one, other, "an early start changes the order alone");
}

/// What is told, with texts of one kind joined.
async fn told(agent: Agent) -> Vec<String> {
    let diary = Diary::new();
    let mut joined: Vec<String> = Vec::new();
    for words in watched(agent.tools(diary.tools()).stream("go")).await.words() {
        let kind = ["thinking ", "text ", "arguments 1 ", "arguments 2 "];
        let kind = kind.into_iter().find(|kind| words.starts_with(kind));
        match (kind, joined.last_mut()) {
            (Some(kind), Some(last)) if last.starts_with(kind) => *last += &words[kind.len()..],
            _ => joined.push(words),
        }
    }
    joined
}

/// arcee-ai/nac#105: one stuck call withheld the results of its siblings.
#[tokio::test(start_paused = true)]
async fn s17_a_call_is_told_to_have_ended_when_it_has_and_not_with_the_last_one() {
    for model in ["whole", "streamed"] {
        let (diary, script) =
            (Diary::new(), Script::new().calls("hang 1, look 10, think 20").end());
        let model =
            if model == "whole" { Streamed::quiet([script]) } else { Streamed::new([script]) };
        let agent = Agent::new(model).tools(diary.tools());
        let mut run = agent.stream("go");
        let began = Instant::now();
        let mut ended = Vec::new();
        while let Some(event) = run.next().await {
            if let EventKind::CallEnded { number, result, .. } = event.kind {
                ended.push((began.elapsed().as_millis(), number, result.text().to_owned()));
            }
        }
        let wanted = [(1, 1, "1"), (10, 2, "10"), (20, 3, "20")];
        assert_eq!(ended, wanted.map(|(at, number, text)| (at, number, text.to_owned())));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_starts_only_ends() {
    let diary = Diary::new();
    let calls = Response::new()
        .call("glance", "{}")
        .call("alone", r#"{"ms":1}"#)
        .call("look", r#"{"ms":"x"}"#)
        .call("think", r#"{"ms":5}"#);
    let seen = watched(Agent::new(once(calls)).tools(diary.tools()).stream("go")).await;
    for (call, started, ended) in
        [(1, 0, "Failed"), (2, 0, "NotRun"), (3, 0, "Failed"), (4, 1, "Completed")]
    {
        let starts =
            seen.words().iter().filter(|w| w.starts_with(&format!("start {call}"))).count();
        assert_eq!(
            (starts, seen.count(&format!("end {call} {ended}"))),
            (started, 1),
            "call {call}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn progress_comes_between_the_start_and_the_end_of_its_call() {
    for early in [true, false] {
        let diary = Diary::new();
        let script = Script::new().calls("tell 30, tell 50").with_text("so").after(100).end();
        let seen = watched(agent(&diary, [script]).eager_calls(early).stream("go")).await;
        let of = |call: usize| -> Vec<String> {
            let about = |w: &String| {
                ["start", "progress", "end"].iter().any(|k| w.starts_with(&format!("{k} {call}")))
            };
            seen.words().into_iter().filter(about).collect()
        };
        assert_eq!(
            of(1),
            ["start 1 tell", "progress 1 0", "progress 1 1", "progress 1 2", "end 1 Completed"]
        );
        assert_eq!(of(2).len(), 7);
        assert_eq!(seen.when("progress 2 3"), Some(if early { 30 } else { 130 }));
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_voids_what_was_told_and_the_turn_is_told_again() {
    let diary = Diary::new();
    let first =
        Script::new().with_text("Wrong ").calls("look 10, save 10").after(100).breaks_for(1000);
    let second = Script::new().with_text("right").after(100).end();
    let seen = watched(agent(&diary, [first, second]).stream("go")).await;
    let words = seen.words();
    let restart = words.iter().position(|words| words == "restart").unwrap();
    assert_eq!(words[restart - 1], "end 1 Completed");
    assert_eq!(words[restart..], ["restart", "text right", "turn ends EndTurn", "run ends Done"]);
    assert_eq!((seen.when("restart"), seen.when("text right")), (Some(100), Some(1100)));
    assert_eq!(seen.count("turn 1"), 1, "the turn goes on");
    assert_eq!(seen.outcome.unwrap().text(), "right");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_stopped_with_its_answer_is_told_to_have_ended() {
    for (script, last) in [
        (
            Script::new().calls("look 9000, save 1").with_text("so").after(100).breaks_for(1000),
            "restart",
        ),
        (Script::new().calls("look 9000, save 1").with_text("so").stalls(), "run ends Cancelled"),
    ] {
        let diary = Diary::new();
        let run = agent(&diary, [script]).run("go").cancel_on(tokio::time::sleep(ms(500)));
        let words = watched(run.stream()).await.words();
        let at = words.iter().position(|words| words == last).unwrap();
        assert_eq!(words[at - 1], "end 1 Interrupted", "{words:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_taken_over_is_told_again_after_the_restart() {
    let diary = Diary::new();
    let script = |id| Script::new().call_as(id, "look", r#"{"ms":10}"#).with_text("so").after(100);
    let agent = agent(&diary, [script("old").breaks_for(1000), script("new").end()]);
    let seen = watched(agent.stream("go")).await;
    let ids = seen.events.iter().filter_map(|(time, event)| match &event.kind {
        EventKind::CallEnded { result, .. } => Some((*time, result.call_id())),
        _ => None,
    });
    assert_eq!(ids.collect::<Vec<_>>(), [(10, "old"), (1100, "new")]);
    assert_eq!((seen.when("restart"), seen.count("start 1 look")), (Some(100), 1));
}

#[tokio::test(start_paused = true)]
async fn the_end_is_told_last_and_once_however_the_run_ends() {
    let stops = |reason| Script::new().calls("look 10, save 10").after(50).stop(reason);
    let fails = |kind| Script::new().calls("look 10, save 10").after(50).fails(kind);
    for (script, last) in [
        (stops(StopReason::ToolUse), "run ends Done"),
        (stops(StopReason::MaxTokens), "run ends Truncated"),
        (stops(StopReason::Refusal), "run ends Refused"),
        (stops(StopReason::Other("new".into())), r#"run ends Other("new")"#),
        (fails(ModelErrorKind::Request), "run failed"),
        (fails(ModelErrorKind::Connection), "run failed"),
        (Script::new().calls("end 10, look 100").after(50).end(), "run failed"),
        (Script::new().stalls(), "run ends DeadlineExceeded"),
        (Script::new().calls("look 9000").end(), "run ends DeadlineExceeded"),
    ] {
        let diary = Diary::new();
        let limits = Limits::default().with_retries(0);
        let agent = agent(&diary, [script]).limits(limits);
        let seen = watched(agent.run("go").deadline(ms(2000)).stream()).await;
        let words = seen.words();
        let ends = words.iter().filter(|words| words.starts_with("run ")).count();
        assert_eq!((words.last().map(String::as_str), ends), (Some(last), 1), "{words:#?}");
        assert_eq!(seen.outcome.is_err(), last == "run failed");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_begin_tells_so() {
    let diary = Diary::new();
    let agent = Agent::new(once(Response::new())).tools(diary.all_tools());
    let seen = watched(agent.stream("go")).await;
    assert_eq!(seen.words(), ["run failed"]);
    let EventKind::RunFailed { error } = &seen.events[0].1.kind else { panic!() };
    assert!(error.contains("destructive"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_not_watched_to_its_end_still_has_its_outcome() {
    let diary = Diary::new();
    let mut run = agent(&diary, [rich()]).stream("go");
    assert_eq!(words(&run.next().await.unwrap()), "turn 1");
    assert_eq!(run.outcome().await.unwrap().text(), "done");

    let mut run = agent(&diary, [rich()]).stream("go");
    while run.next().await.is_some() {}
    assert!(run.next().await.is_none());
    assert_eq!(run.outcome().await.unwrap().end(), &RunEnd::Done);
}

#[tokio::test(start_paused = true)]
async fn the_turns_of_a_conversation_are_told_alike() {
    let model =
        ScriptedModel::new().turn(|_| plan("look 10")).turn(|_| Response::new().with_text("a"));
    let diary = Diary::new();
    let agent = Agent::new(model.turn(|_| Response::new().with_text("b"))).tools(diary.tools());
    let mut chat = agent.conversation(agent_core::Transcript::default());
    let seen = watched(chat.stream("one")).await;
    assert_eq!(seen.words()[0], "turn 1");
    let seen = watched(chat.stream("two")).await;
    assert_eq!(seen.words(), ["turn 1", "text b", "turn ends EndTurn", "run ends Done"]);
    assert_eq!(chat.transcript().messages().len(), 6);
}

/// "Counted from its first poll".
#[tokio::test(start_paused = true)]
async fn a_stream_begins_and_its_deadline_counts_when_it_is_first_polled() {
    let diary = Diary::new();
    let agent = agent(&diary, [Script::new().with_text("so").after(1500).end()]);
    let run = agent.run("go").deadline(ms(2000)).stream();
    tokio::time::sleep(ms(1900)).await;
    assert_eq!(watched(run).await.end(), "Done");

    let mut chat = agent.conversation(agent_core::Transcript::default());
    drop(chat.stream("never said"));
    assert_eq!(chat.transcript().messages().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waited_starts_after_the_end_of_the_one_before_it() {
    let diary = Diary::new();
    let agent = Agent::new(once(plan("save 10, save 10"))).tools(diary.tools());
    let seen = watched(agent.stream("go")).await;
    let mut calls = seen.timed();
    calls.retain(|words| words.contains(" start ") || words.contains(" end "));
    assert_eq!(
        calls,
        ["0 start 1 save", "10 end 1 Completed", "10 start 2 save", "20 end 2 Completed"]
    );
}

#[tokio::test(start_paused = true)]
async fn it_is_told_when_somebody_is_asked_and_what_came_of_it() {
    let diary = Diary::new();
    let agent = Agent::new(once(plan("wipe 10, wipe 20, look 5"))).tools(diary.all_tools());
    let agent = agent.approve(|call| async move {
        let ms_of = call.arguments()["ms"].as_u64();
        tokio::time::sleep(ms(100 * ms_of.unwrap_or_default())).await;
        if ms_of == Some(10) { Decision::Allow } else { Decision::deny("not that one") }
    });
    let mut seen = watched(agent.stream("go")).await.timed();
    seen.retain(|words| ["asked", "start", "end"].iter().any(|what| words.contains(what)));
    seen.retain(|words| !words.contains("ends"));
    assert_eq!(
        seen,
        [
            "0 asked 1",
            "0 asked 2",
            "1000 start 1 wipe",
            "1010 end 1 Completed",
            "2000 end 2 NotRun",
            "2000 start 3 look",
            "2005 end 3 Completed",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_began_in_an_answer_that_is_too_large_is_told_to_end() {
    let diary = Diary::new();
    let script = Script::new().calls("look 5, look 60000").after(10).with_text("so");
    let script = script.after(10).with_text("x".repeat(2000)).end();
    let agent = agent(&diary, [script]).limits(Limits::default().with_response_bytes(1000));
    let seen = watched(agent.stream("go")).await;
    let mut words = seen.timed();
    words
        .retain(|words| [" start ", " end ", "run failed"].iter().any(|what| words.contains(what)));
    assert_eq!(
        words,
        [
            "0 start 1 look",
            "5 end 1 Completed",
            "10 start 2 look",
            "20 end 2 Interrupted",
            "20 run failed",
        ]
    );
}
