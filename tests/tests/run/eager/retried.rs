//! Answers that fail after some of their calls have begun, and are asked for again.

use agent_core::CallStatus::{Completed, Failed};
use agent_core::{Agent, ModelErrorKind, ParallelToolCalls, ToolResult};

use super::{agent, run};
use agent_tests::support::diary::{Diary, assert_quiet};
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::{ms, saved, spans, statuses, texts};

/// mastra-ai/mastra#24211, Effect-TS/effect#7486: what a read had found was thrown away, and read again.
#[tokio::test(start_paused = true)]
async fn s33_a_finished_read_is_taken_over_by_the_same_call_of_the_next_answer() {
    let diary = Diary::new();
    let first =
        Script::new().calls("look 100, think 50, save 10").after(300).with_text("so").after(700);
    let second = Script::new().calls("look 100, think 50, save 10").after(500).end();
    let outcome = run(&diary, &agent(&diary, [first.breaks_for(1000), second])).await;
    assert_eq!(
        diary.lines(),
        [
            "0 look begins",
            "0 think begins",
            "50 think ends",
            "100 look ends",
            "2500 save begins",
            "2510 save ends",
        ]
    );
    assert_eq!(texts(outcome.transcript()), ["100", "50", "10"]);
    assert_eq!(spans(&outcome), [(0, 100), (0, 50), (2500, 2510)]);
    assert_eq!((outcome.elapsed(), outcome.timeline().turns()[0].attempts), (ms(2510), 2));
}

/// ai-shifu#2829, endolith/open-interpreter#291: a prefix ran, or partial arguments were joined.
#[tokio::test(start_paused = true)]
async fn s25_nothing_that_writes_has_run_when_a_stream_fails() {
    let diary = Diary::new();
    let first =
        Script::new().calls("save 1, count 2, look 3, save 4").after(60_000).with_text("so");
    let failing = agent(&diary, [first.fails(ModelErrorKind::Request)]);
    let error = failing.run("go").await.unwrap_err();
    assert_eq!(error.transcript().responses().count(), 0);
    assert_eq!(diary.len(), 0);
    assert_quiet(&diary).await;
}

#[tokio::test(start_paused = true)]
async fn the_order_and_the_spacing_of_arguments_do_not_matter() {
    let diary = Diary::new();
    let first = Script::new().call("peek", r#"{"path":"a","ms":10}"#).with_text("so").after(100);
    let second = Script::new().call("peek", "{ \"ms\": 10,\n \"path\": \"\\u0061\" }").end();
    let outcome = run(&diary, &agent(&diary, [first.breaks_for(1000), second])).await;
    assert_eq!(diary.lines(), ["0 peek a begins", "10 peek a ends"]);
    assert_eq!((texts(outcome.transcript()), outcome.elapsed()), (vec!["10"], ms(1100)));
}

#[tokio::test(start_paused = true)]
async fn a_read_is_made_again_for_other_arguments_or_another_tool() {
    let diary = Diary::new();
    let first =
        Script::new().calls("look 10, think 20").with_text("so").after(100).breaks_for(1000);
    let second = Script::new().calls("look 20, think 10, look 10, look 10").with_text("so").end();
    run(&diary, &agent(&diary, [first, second])).await;
    assert_eq!((diary.count("look begins"), diary.count("think begins")), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn a_read_is_made_again_if_an_earlier_call_of_the_new_answer_conflicts() {
    let diary = Diary::new();
    let read = r#"{"path":"a","ms":10}"#;
    let first = Script::new().call("peek", read).with_text("so").after(100).breaks_for(1000);
    for (path, times) in [("a", 2), ("b", 3)] {
        let write = format!(r#"{{"path":"{path}","ms":10}}"#);
        let second = Script::new().call("poke", write).call("peek", read).with_text("so").end();
        let outcome = run(&diary, &agent(&diary, [first.clone(), second])).await;
        assert_eq!(diary.count("peek a begins"), times, "{:?}", diary.lines());
        assert_eq!(statuses(outcome.transcript()), [Completed; 2]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_failed_is_made_again() {
    let diary = Diary::new();
    let script = Script::new().calls("fail 10").with_text("so").after(100);
    let outcome =
        run(&diary, &agent(&diary, [script.clone().breaks_for(1000), script.end()])).await;
    assert_eq!((diary.count("fail ends"), statuses(outcome.transcript())), (2, vec![Failed]));
}

#[tokio::test(start_paused = true)]
async fn a_read_that_runs_when_the_stream_fails_is_stopped_and_made_again() {
    let diary = Diary::new();
    let script = Script::new().calls("look 500").with_text("so").after(100);
    run(&diary, &agent(&diary, [script.clone().breaks_for(1000), script.end()])).await;
    assert_eq!(
        diary.lines(),
        ["0 look begins", "100 look is stopped", "1100 look begins", "1600 look ends"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_result_is_taken_over_once_and_the_rest_forgotten() {
    let diary = Diary::new();
    let first = Script::new().calls("look 10, look 10, think 5").with_text("so").after(100);
    let second = Script::new().calls("look 10, look 10, look 10").with_text("so").end();
    let third = Script::new().calls("think 5, look 10").with_text("so").end();
    let outcome = run(&diary, &agent(&diary, [first.breaks_for(1000), second, third])).await;
    assert_eq!((diary.count("look begins"), diary.count("think begins")), (4, 2));
    assert_eq!(outcome.transcript().results().count(), 5);
}

#[tokio::test(start_paused = true)]
async fn what_has_finished_outlives_several_failures() {
    let diary = Diary::new();
    let first =
        Script::new().calls("look 10, think 20").with_text("so").after(100).breaks_for(1000);
    let second = Script::new().calls("think 20").with_text("so").after(100).breaks_for(1000);
    let third = Script::new().calls("think 20, look 10").with_text("so").end();
    let outcome = run(&diary, &agent(&diary, [first, second, third])).await;
    assert_eq!((diary.count("look begins"), diary.count("think begins")), (1, 1));
    assert_eq!(texts(outcome.transcript()), ["20", "10"]);
    assert_eq!(outcome.elapsed(), ms(2200));
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_over_answers_the_new_call_by_its_id() {
    let diary = Diary::new();
    let first = Script::new().call_as("old", "look", r#"{"ms":10}"#).with_text("so").after(100);
    let second = Script::new()
        .call_as("new", "look", r#"{"ms":10}"#)
        .call_as("new", "look", r#"{"ms":10}"#)
        .call_as("", "think", r#"{"ms":10}"#)
        .with_text("so")
        .after(50)
        .end();
    let outcome = run(&diary, &agent(&diary, [first.breaks_for(1000), second])).await;
    let calls: Vec<_> = outcome.transcript().responses().next().unwrap().calls().collect();
    let ids: Vec<_> = outcome.transcript().results().map(ToolResult::call_id).collect();
    assert_eq!(ids, calls.iter().map(|call| call.id()).collect::<Vec<_>>());
    assert_eq!(ids, ["new", "new_1", "call_1"]);
    assert_eq!(diary.count("look begins"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_arguments_are_refused_takes_nothing_over() {
    let diary = Diary::new();
    let first =
        Script::new().calls("think 10, look 10").with_text("so").after(100).breaks_for(1000);
    let second = Script::new()
        .call("think", r#"{"ms":99,"ms":10}"#)
        .call("look", r#"{"ms":99,"ms":10}"#)
        .with_text("so")
        .end();
    let outcome = run(&diary, &agent(&diary, [first, second])).await;
    assert_eq!(statuses(outcome.transcript()), [Failed; 2]);
}

/// Take a number that is larger than a reader of 64 bits takes.
#[agent_core::tool(pure)]
fn last_digit(n: u128) -> u128 {
    n % 10
}

#[tokio::test(start_paused = true)]
async fn numbers_that_differ_far_behind_are_not_the_same() {
    let call = |digit: u8| {
        let arguments = format!(r#"{{"n":10000000000000000000000000000{digit}}}"#);
        Script::new().call("last_digit", arguments).with_text("so").after(10)
    };
    let model = Streamed::new([call(1).breaks_for(10), call(2).end()]);
    let outcome = Agent::new(model).tools(agent_core::tools![last_digit]).run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["2"]);
}

#[tokio::test(start_paused = true)]
async fn calls_that_come_one_by_one_take_nothing_over() {
    let diary = Diary::new();
    let script = Script::new().calls("look 10, look 10").with_text("so").after(100);
    let agent = agent(&diary, [script.clone().breaks_for(1000), script.end()]);
    let outcome = run(&diary, &agent.parallel_tool_calls(ParallelToolCalls::Never)).await;
    assert_eq!(diary.count("look begins"), 2);
    saved(outcome.transcript());
}

#[derive(Default)]
struct Keys(std::sync::Mutex<Vec<String>>);

/// Write down under which key it runs.
#[agent_core::tool(read)]
fn note(keys: &Keys, call: agent_core::ToolContext, n: u32) -> u32 {
    keys.0.lock().unwrap().push(call.key().to_owned());
    n
}

/// A service that knows the key would take the second call for the first.
#[tokio::test(start_paused = true)]
async fn a_call_of_the_next_answer_has_another_key() {
    let call =
        |n: u32| Script::new().call("note", format!(r#"{{"n":{n}}}"#)).with_text("so").after(10);
    let model = Streamed::new([call(1).breaks_for(10), call(2).end()]);
    let keys = std::sync::Arc::<Keys>::default();
    let tools = agent_core::tools![note].with_state_arc(keys.clone());
    Agent::new(model).tools(tools).run("go").await.unwrap();
    let keys = keys.0.lock().unwrap();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
}
