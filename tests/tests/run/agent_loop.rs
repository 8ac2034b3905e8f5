//! The loop: what runs beside what, for how long, and what the model is told.

use agent_core::CallStatus::{Completed, Failed, NotRun, TimedOut};
use agent_core::{
    Agent, DynamicTool, Lock, Outcome, ParallelToolCalls, Response, RunEnd, RunErrorKind, State,
    ToolContext, ToolError, Toolset, Transcript, Usage, tool, tools,
};
use agent_tests::support::{ms, once, plan, saved, spans, statuses, texts};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::time::sleep;

/// Read for some time.
#[tool(read)]
async fn look(ms: u64) -> u64 {
    sleep(Duration::from_millis(ms)).await;
    ms
}

/// Touch nothing for some time.
#[tool(pure)]
async fn think(ms: u64) -> u64 {
    look(ms).await
}

/// Write for some time.
#[tool(write)]
async fn save(ms: u64) -> u64 {
    look(ms).await
}

fn agent(calls: &str) -> Agent {
    Agent::new(once(plan(calls))).tools(tools![look, think, save])
}

async fn run(calls: &str) -> Vec<(u64, u64)> {
    spans(&agent(calls).run("go").await.unwrap())
}

async fn run_with(concurrency: usize, calls: &str) -> Vec<(u64, u64)> {
    spans(&agent(calls).concurrency(concurrency).run("go").await.unwrap())
}

const FIVE: &str = "look 800, look 800, look 800, look 800, look 800";

#[tokio::test(start_paused = true)]
async fn five_calls_take_as_long_as_one() {
    let outcome = agent(FIVE).run("go").await.unwrap();
    assert_eq!(spans(&outcome), [(0, 800); 5]);
    assert_eq!(outcome.elapsed(), ms(800));
    assert_eq!(outcome.timeline().sequential_time(), ms(4000));
}

#[tokio::test(start_paused = true)]
async fn five_calls_one_by_one_take_five_times_as_long() {
    let outcome = agent(FIVE).concurrency(1).run("go").await.unwrap();
    assert_eq!(spans(&outcome), [(0, 800), (800, 1600), (1600, 2400), (2400, 3200), (3200, 4000)]);
    assert_eq!(outcome.elapsed(), ms(4000));
}

#[tokio::test(start_paused = true)]
async fn five_calls_in_two_slots_take_three_times_as_long() {
    let outcome = agent(FIVE).concurrency(2).run("go").await.unwrap();
    assert_eq!(outcome.elapsed(), ms(2400));
    assert_eq!(spans(&outcome), [(0, 800), (0, 800), (800, 1600), (800, 1600), (1600, 2400)]);
}

#[tokio::test(start_paused = true)]
async fn a_ready_call_never_waits_while_a_slot_is_free() {
    assert_eq!(
        run_with(2, "think 100, think 300, think 100, think 100").await,
        [(0, 100), (0, 300), (100, 200), (200, 300)]
    );
    // The second waits for the first; the third passes it.
    assert_eq!(
        run_with(2, "save 300, look 100, think 100").await,
        [(0, 300), (300, 400), (0, 100)]
    );
}

#[tokio::test(start_paused = true)]
async fn slots_are_shared_by_the_runs_of_an_agent() {
    let agent = agent("think 100, think 100").concurrency(2);
    let (one, other) = tokio::join!(agent.run("one"), agent.run("other"));
    assert_eq!(spans(&one.unwrap()), [(0, 100), (0, 100)]);
    assert_eq!(spans(&other.unwrap()), [(100, 200), (100, 200)]);
}

#[tokio::test(start_paused = true)]
async fn reads_without_a_name_run_together() {
    assert_eq!(run("look 30, look 20, look 10").await, [(0, 30), (0, 20), (0, 10)]);
}

#[tokio::test(start_paused = true)]
async fn a_write_waits_for_the_reads_before_it_and_holds_back_those_after_it() {
    assert_eq!(
        run("look 30, look 50, save 20, look 10, look 10").await,
        [(0, 30), (0, 50), (50, 70), (70, 80), (70, 80)]
    );
}

#[tokio::test(start_paused = true)]
async fn writes_run_in_the_models_order() {
    assert_eq!(run("save 30, save 10, save 20").await, [(0, 30), (30, 40), (40, 60)]);
}

#[tokio::test(start_paused = true)]
async fn a_pure_call_runs_beside_a_write() {
    assert_eq!(
        run("save 30, think 40, save 10, think 5").await,
        [(0, 30), (0, 40), (30, 40), (0, 5)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_turn_waits_for_all_calls_of_the_one_before_it() {
    let model = agent_core::ScriptedModel::new()
        .latency(ms(100))
        .turn(|_| plan("look 50, look 10"))
        .turn(|request| {
            assert_eq!(request.results().len(), 2);
            plan("look 5")
        })
        .turn(|_| Response::new().with_text("done"));
    let outcome = Agent::new(model).tools(tools![look]).run("go").await.unwrap();
    assert_eq!(spans(&outcome), [(100, 150), (100, 110), (250, 255)]);
    assert_eq!(outcome.elapsed(), ms(355));
}

struct Left(Vec<u64>);
struct Right(Vec<u64>);
struct Handle;

#[derive(State)]
struct Both {
    #[lend(mut Left)]
    left: Lock<Left>,
    #[lend(mut Right)]
    right: Lock<Right>,
    handle: Handle,
}

/// Add to the left list.
#[tool]
async fn push_left(left: &mut Left, ms: u64) -> usize {
    look(ms).await;
    left.0.push(ms);
    left.0.len()
}

/// Add to the right list.
#[tool]
async fn push_right(right: &mut Right, ms: u64) -> usize {
    look(ms).await;
    right.0.push(ms);
    right.0.len()
}

/// Add what is read elsewhere.
#[tool(read)]
async fn import_left(left: &mut Left, ms: u64) -> usize {
    push_left(left, ms).await
}

/// Count the left list.
#[tool(read)]
async fn count_left(left: &Left, ms: u64) -> usize {
    look(ms).await;
    left.0.len()
}

/// Move all from the left to the right.
#[tool]
async fn shift(left: &mut Left, right: &mut Right, ms: u64) -> usize {
    look(ms).await;
    right.0.append(&mut left.0);
    right.0.len()
}

/// Borrow what nobody can change.
#[tool(read)]
async fn use_handle(_handle: &Handle, ms: u64) -> u64 {
    look(ms).await
}

async fn run_on_state(calls: &str) -> Outcome {
    let state = Both {
        left: Lock::new(Left(Vec::new())),
        right: Lock::new(Right(Vec::new())),
        handle: Handle,
    };
    let tools = tools![
        push_left,
        push_right,
        import_left,
        count_left,
        shift,
        use_handle,
        look,
        save,
        think
    ];
    Agent::new(once(plan(calls))).tools(tools.with_state(state)).run("go").await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn mutable_state_orders_the_calls_on_it_and_nothing_else() {
    let outcome =
        run_on_state("push_left 30, push_right 10, push_left 20, look 5, use_handle 5, think 5")
            .await;
    assert_eq!(spans(&outcome), [(0, 30), (0, 10), (30, 50), (0, 5), (0, 5), (0, 5)]);
    assert_eq!(texts(outcome.transcript())[..3], ["1", "1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn readers_of_lockable_state_run_together_between_its_writers() {
    let outcome =
        run_on_state("push_left 10, count_left 20, count_left 30, push_left 10, count_left 5")
            .await;
    assert_eq!(spans(&outcome), [(0, 10), (10, 30), (10, 40), (40, 50), (50, 55)]);
    assert_eq!(texts(outcome.transcript()), ["1", "1", "1", "2", "2"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_mutates_two_states_waits_for_both() {
    let outcome = run_on_state("push_left 10, push_right 30, shift 10, push_left 5").await;
    assert_eq!(spans(&outcome), [(0, 10), (0, 30), (30, 40), (40, 45)]);
    assert_eq!(texts(outcome.transcript()), ["1", "1", "2", "1"]);
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_changes_state_touches_nothing_else_unless_it_says_so() {
    let outcome = run_on_state("save 30, push_left 10, save 10").await;
    assert_eq!(spans(&outcome), [(0, 30), (0, 10), (30, 40)]);
    let outcome = run_on_state("save 30, import_left 10, look 10, save 10").await;
    assert_eq!(spans(&outcome), [(0, 30), (30, 40), (30, 40), (40, 50)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_arguments_do_not_parse_holds_nobody_back() {
    let outcome = run_on_state("look 30, save \"x\", look 10").await;
    let timeline = outcome.timeline();
    assert_eq!(timeline.calls()[2].started, Some(ms(0)));
    assert_eq!(statuses(outcome.transcript())[1], Failed);
}

#[tokio::test(start_paused = true)]
async fn writes_of_two_runs_on_one_toolset_are_ordered_and_their_unnamed_reads_are_not() {
    let tools = Toolset::from(tools![look, think, save]);
    let run = |calls: &'static str| {
        let agent = Agent::new(once(plan(calls))).tools(tools.clone());
        async move { spans(&agent.run("go").await.unwrap()) }
    };
    let (one, other) = tokio::join!(run("save 30, look 10"), run("save 20, look 5"));
    assert_eq!(one, [(0, 30), (30, 40)]);
    assert_eq!(other, [(30, 50), (50, 55)]);
    let (one, other) = tokio::join!(run("save 30"), run("look 10"));
    assert_eq!((one, other), (vec![(0, 30)], vec![(0, 10)]));
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_parallel_is_in_the_request_and_holds_for_the_calls() {
    let model = agent_core::ScriptedModel::new()
        .turn(|request| {
            assert_eq!(request.parallel_tool_calls(), ParallelToolCalls::Never);
            plan("think 30, look 20, think 10")
        })
        .turn(|request| {
            assert_eq!(request.parallel_tool_calls(), ParallelToolCalls::Never);
            Response::new().with_text("done")
        });
    let agent =
        Agent::new(model).tools(tools![look, think]).parallel_tool_calls(ParallelToolCalls::Never);
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(spans(&outcome), [(0, 30), (30, 50), (50, 60)]);
}

#[tokio::test(start_paused = true)]
async fn unless_set_the_model_may_make_several_calls() {
    let model = agent_core::ScriptedModel::new().turn(|request| {
        assert_eq!(request.parallel_tool_calls(), ParallelToolCalls::Auto);
        Response::new()
    });
    Agent::new(model).run("go").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn results_come_in_call_order_whatever_the_order_of_ends() {
    let outcome = agent("look 30, think 10, look 20, think 0").run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["30", "10", "20", "0"]);
    let ids: Vec<_> = outcome.transcript().results().map(agent_core::ToolResult::call_id).collect();
    assert_eq!(ids, ["call_1", "call_2", "call_3", "call_4"]);
}

/// Write for some time, but not too long.
#[tool(write, timeout = "1s")]
async fn patient(ms: u64) -> u64 {
    look(ms).await
}

/// Hang.
#[tool(pure, timeout = "500ms")]
async fn hang() {
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn a_timeout_counts_from_the_start_of_the_call_and_not_from_the_queue() {
    let two = "patient 800, patient 800, patient 1200, patient 100";
    let agent = Agent::new(once(plan(two))).tools(tools![patient]);
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(spans(&outcome), [(0, 800), (800, 1600), (1600, 2600), (2600, 2700)]);
    let statuses = statuses(outcome.transcript());
    assert_eq!(statuses[2], TimedOut);
    assert_eq!(statuses.iter().filter(|status| **status == Completed).count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_timeout_of_its_own_has_the_default_one() {
    let hang =
        DynamicTool::new("hang", "A tool.", json!({"type": "object"}), agent_core::Access::Read, {
            |_: Value, _: ToolContext| std::future::pending::<Result<String, Infallible>>()
        });
    let tools = Toolset::default().and(hang).unwrap();
    let agent = Agent::new(once(Response::new().call("hang", "{}"))).tools(tools);
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(outcome.elapsed(), ms(120_000));
    assert_eq!(statuses(outcome.transcript()), [TimedOut]);

    let short = agent.limits(agent_core::Limits::default().with_call_timeout(ms(70)));
    assert_eq!(short.run("go").await.unwrap().elapsed(), ms(70));
}

/// See the call.
#[tool(pure, timeout = "2s")]
async fn deadline(ctx: ToolContext) -> u64 {
    sleep(Duration::from_millis(500)).await;
    let left = ctx.deadline().unwrap() - tokio::time::Instant::now();
    u64::try_from(left.as_millis()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_call_knows_its_deadline() {
    let agent = Agent::new(once(Response::new().call("deadline", "{}"))).tools(tools![deadline]);
    assert_eq!(texts(agent.run("go").await.unwrap().transcript()), ["1500"]);
}

/// Panic.
#[tool(pure, inline)]
fn burst() -> u64 {
    panic!("on purpose")
}

/// What the issue asks to be shown.
#[tokio::test(start_paused = true)]
async fn six_calls_of_which_four_go_wrong_get_six_results_and_the_run_goes_on() {
    let model = agent_core::ScriptedModel::new()
        .turn(|_| {
            Response::new()
                .call("look", r#"{"ms":800}"#)
                .call("burst", "{}")
                .call("hang", "{}")
                .call("loook", r#"{"ms":1}"#)
                .call("save", r#"{"ms":"#)
                .call("think", r#"{"ms":300}"#)
        })
        .turn(|request| {
            let text: Vec<_> = request.results().iter().map(agent_core::ToolResult::text).collect();
            Response::new().with_text(text.join("\n"))
        });
    let agent = Agent::new(model).tools(tools![look, burst, hang, save, think]);
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(
        outcome.text(),
        "800\n\
         the tool panicked: on purpose\n\
         timed out after 500ms\n\
         there is no tool `loook`; did you mean `look`? Tools: `burst`, `hang`, `look`, `save`, `think`\n\
         invalid arguments: not a JSON object: expected valid JSON at byte 6. Arguments: `ms`\n\
         300"
    );
    assert_eq!(
        statuses(outcome.transcript()),
        [Completed, Failed, TimedOut, Failed, Failed, Completed]
    );
    assert_eq!(outcome.end(), &RunEnd::Done);
    assert_eq!(outcome.elapsed(), ms(800));
}

/// Not for the model.
#[tool(pure, description = "Say hello.", inline)]
fn hello() -> &'static str {
    "hello"
}

#[tokio::test(start_paused = true)]
async fn a_request_has_the_system_prompt_and_the_definitions() {
    let model = agent_core::ScriptedModel::new().turn(|request| {
        assert_eq!(request.system(), Some("Be brief."));
        let tools: Vec<_> = request.tools().iter().map(agent_core::ToolDefinition::name).collect();
        assert_eq!(tools, ["hello", "look"]);
        assert_eq!(request.tools()[0].description(), "Say hello.");
        assert_eq!(request.results(), []);
        Response::new()
    });
    let agent = Agent::new(model).tools(tools![look, hello]).system("Be brief.");
    agent.run("go").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_when_the_model_has_answered_as_often_as_it_may() {
    let turn = |_: &agent_core::Request<'_>| plan("look 10");
    let model = agent_core::ScriptedModel::new().turn(turn).turn(turn).turn(turn).turn(turn);
    let agent = Agent::new(model).tools(tools![look]).max_turns(3);
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(outcome.end(), &RunEnd::MaxTurns);
    assert_eq!(outcome.transcript().responses().count(), 3);
    assert_eq!(texts(outcome.transcript()), ["10"; 3]);
    assert_eq!(outcome.elapsed(), ms(30));
}

#[tokio::test(start_paused = true)]
async fn a_conversation_goes_on_after_it_was_saved_and_loaded() {
    let model = agent_core::ScriptedModel::new()
        .turn(|_| plan("look 10, look 20"))
        .turn(|request| Response::new().with_text(request.results()[1].text()))
        .turn(|request| {
            assert_eq!(request.transcript().messages().len(), 5);
            plan("think 5")
        })
        .turn(|request| Response::new().with_text(request.results()[0].text()));
    let agent = Agent::new(model).tools(tools![look, think]);
    let mut chat = agent.conversation(Transcript::default());
    let first = chat.send("one").await.unwrap();
    assert_eq!((first.text(), spans(&first)), ("20".into(), vec![(0, 10), (0, 20)]));

    let loaded = serde_json::from_str(&saved(chat.transcript())).unwrap();
    let second = agent.conversation(loaded).send("two").await.unwrap();
    assert_eq!((second.text(), spans(&second)), ("5".into(), vec![(0, 5)]));
    assert_eq!(chat.send("two").await.unwrap().transcript(), second.transcript());
}

#[tokio::test(start_paused = true)]
async fn usage_is_summed_over_the_turns_of_a_run() {
    let model = agent_core::ScriptedModel::new()
        .turn(|_| plan("look 1").used(Usage::new(100, 20)))
        .turn(|_| plan("look 1").used(Usage::new(150, 30)))
        .turn(|_| Response::new().with_text("done").used(Usage::new(200, 5)))
        .turn(|_| Response::new().used(Usage::new(7, 7)));
    let agent = Agent::new(model).tools(tools![look]);
    let mut chat = agent.conversation(Transcript::default());
    assert_eq!(chat.send("one").await.unwrap().usage(), Usage::new(450, 55));
    assert_eq!(chat.send("two").await.unwrap().usage(), Usage::new(7, 7));
}

#[test]
fn without_a_runtime_a_run_is_an_error() {
    let agent = agent("look 1");
    let mut run = pin!(agent.run("go"));
    let polled = run.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Err(error)) = polled else { panic!("{polled:?}") };
    assert!(matches!(error.kind(), RunErrorKind::NoRuntime), "{error}");
    assert!(error.to_string().contains("tokio"));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_does_not_answer_is_an_error_with_the_transcript() {
    let model = agent_core::ScriptedModel::new().turn(|_| plan("look 1"));
    let error = Agent::new(model).tools(tools![look]).run("go").await.unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Model(_)), "{error}");
    assert_eq!(texts(error.transcript()), ["1"]);
    saved(error.transcript());
}

/// End it all.
#[tool(pure, inline)]
fn end() -> Result<(), ToolError> {
    Err(ToolError::fatal("the end"))
}

#[tokio::test(start_paused = true)]
async fn a_fatal_error_ends_a_run_that_goes_added_up() {
    let calls = Response::new().call("end", "{}").call("hello", "{}").call("hello", "{}");
    let agent = Agent::new(once(calls))
        .tools(tools![end, hello])
        .parallel_tool_calls(ParallelToolCalls::Never);
    let ended = tokio::time::timeout(ms(10_000), agent.run("go")).await;
    let error = ended.expect("the run ends").unwrap_err();
    assert_eq!(statuses(error.transcript()), [Failed, NotRun, NotRun]);
}

#[tokio::test(start_paused = true)]
async fn a_call_by_hand_runs_as_in_a_run() {
    let tools = Toolset::from(tools![look, save]);
    let (save, look) =
        tokio::join!(tools.call("save", r#"{"ms":10}"#), tools.call("look", r#"{"ms":5}"#));
    assert_eq!((save.text(), look.text()), ("10", "5"));
}

#[tokio::test(start_paused = true)]
async fn an_agent_may_be_shared_between_tasks() {
    let agent = Arc::new(agent("look 10"));
    // A run owns what it needs, so it may be spawned as it is.
    let runs: Vec<_> = (0..50).map(|_| tokio::spawn(agent.run("go"))).collect();
    for run in runs {
        assert_eq!(run.await.unwrap().unwrap().elapsed(), ms(10));
    }
}

#[test]
fn a_toolset_without_state_is_bound_to_none() {
    assert_eq!(tools![look].with_state(()).names().collect::<Vec<_>>(), ["look"]);
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_run_time_tool_that_writes_run_one_by_one() {
    let body = |_: Value, _: ToolContext| async {
        sleep(ms(20)).await;
        Ok::<_, Infallible>(json!({"done": true}))
    };
    let schema = json!({"type": "object"});
    let plugin = DynamicTool::new("plugin", "A plugin.", schema, agent_core::Access::Write, body);
    let tools = Toolset::default().and(plugin).unwrap();
    let response = Response::new().call("plugin", "{}").call("plugin", "{}");
    let outcome = Agent::new(once(response)).tools(tools).run("go").await.unwrap();
    assert_eq!(spans(&outcome), [(0, 20), (20, 40)]);
    assert_eq!(outcome.transcript().results().next().unwrap().text(), r#"{"done":true}"#);
}
