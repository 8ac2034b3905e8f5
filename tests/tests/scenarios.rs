//! What went wrong in other agent loops, each with the issue that tells of it.

#![cfg(test)]

mod support;

use agent_core::Status::{Completed, Failed, Interrupted, NeverStarted, TimedOut};
use agent_core::{
    Agent, Block, Ctx, Limits, Lock, Message, Outcome, Parallel, Response, ScriptedModel,
    StopReason, ToolCall, ToolError, ToolResult, Toolset, Transcript, View, tool, tools,
};
use std::collections::HashSet;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::{ms, once, plan, saved, spans, statuses, texts};
use tokio::time::{sleep, timeout};

/// Read for some time.
#[tool(read)]
async fn look(ms: u64) -> u64 {
    sleep(Duration::from_millis(ms)).await;
    ms
}

/// Write for some time.
#[tool(write)]
async fn save(ms: u64) -> u64 {
    look(ms).await
}

/// Touch nothing for some time.
#[tool(pure)]
async fn think(ms: u64) -> u64 {
    look(ms).await
}

/// Fail.
#[tool(read)]
async fn fail(ms: u64) -> Result<u64, String> {
    look(ms).await;
    Err("no such file".to_owned())
}

/// Panic.
#[tool(read)]
async fn burst(ms: u64) -> u64 {
    look(ms).await;
    std::panic::resume_unwind(Box::new("index out of bounds"))
}

/// Hang.
#[tool(read, timeout = "300ms")]
async fn hang(ms: u64) -> u64 {
    _ = ms;
    std::future::pending().await
}

/// End the run.
#[tool(pure)]
async fn end(ms: u64) -> Result<u64, ToolError> {
    look(ms).await;
    Err(ToolError::fatal("the account is closed"))
}

fn toolset() -> Toolset {
    tools![look, save, think, fail, burst, hang, end].into()
}

fn agent(response: Response) -> Agent {
    Agent::new(once(response)).tools(toolset())
}

async fn run(calls: &str) -> Outcome {
    agent(plan(calls)).run("go").await.unwrap()
}

/// anthropics/claude-code#64346: one of 27 calls failed and the others were cancelled.
#[tokio::test(start_paused = true)]
async fn s01_one_of_27_calls_fails_and_26_succeed() {
    let mut calls = vec!["look 10"; 27];
    calls[3] = "fail 1";
    let outcome = run(&calls.join(", ")).await;
    let statuses = statuses(outcome.transcript());
    assert_eq!(statuses.iter().filter(|status| **status == Completed).count(), 26);
    assert_eq!(statuses[3], Failed);
}

/// anthropics/claude-code#64047: an automatic cancel read like an interrupt by the user.
#[tokio::test(start_paused = true)]
async fn s02_each_way_to_end_has_its_own_words() {
    let calls = plan("look 900, fail 10, hang 0, end 500, save 10");
    let error = agent(calls).run("go").await.unwrap_err();
    assert_eq!(
        texts(error.transcript()),
        [
            "interrupted while running",
            "no such file",
            "timed out after 300ms",
            "the account is closed",
            "never started: another call ended the run"
        ]
    );
    let cut = plan("look 1").stop(StopReason::MaxTokens);
    let outcome = agent(cut).run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["never started: the response was cut off"]);
    let outcome = agent(plan("look 1, look 1")).limits(Limits::default().calls(1)).run("go").await;
    assert!(texts(outcome.unwrap().transcript())[1].starts_with("never started: limit of 1 calls"));
}

/// anthropics/claude-code#86001: a tool that was killed while it ran was said not to have run.
#[tokio::test(start_paused = true)]
async fn s03_what_was_stopped_while_it_ran_is_not_said_to_have_never_started() {
    let error = agent(plan("save 900, save 10, end 500")).run("go").await.unwrap_err();
    assert_eq!(statuses(error.transcript()), [Interrupted, NeverStarted, Failed]);
    assert!(texts(error.transcript())[0].contains("may have taken effect"));
}

/// anthropics/claude-code#64237: 78 % of the errors of a conversation were collateral.
#[tokio::test(start_paused = true)]
async fn s04_as_many_errors_as_calls_that_failed_themselves() {
    let turn = |n: usize| {
        let bad = ["fail 1", "burst 1", "hang 1", "look 1", "look 1"][n % 5];
        plan(&format!("look 5, {bad}, save 3, think 1, look 2"))
    };
    let script = (0..20).fold(ScriptedModel::new(), |m, n| m.turn(move |_| turn(n)));
    let agent = Agent::new(script.turn(|_| Response::new().text("done"))).tools(toolset());
    let outcome = agent.run("go").await.unwrap();
    let errors = outcome.transcript().results().filter(|result| result.is_error()).count();
    assert_eq!((outcome.transcript().results().count(), errors), (100, 12));
}

/// LionSR/TeXRA#7163, letta-ai/letta-code#578: fewer results than calls were stored.
#[tokio::test(start_paused = true)]
async fn s05_an_interrupt_at_any_time_leaves_a_result_for_each_call() {
    for at in 0..60 {
        let agent = agent(plan("look 10, save 20, look 5, think 50"));
        let mut chat = agent.conversation(Transcript::default());
        _ = timeout(ms(at), chat.send("go")).await;
        let calls: usize = chat.transcript().responses().map(|r| r.calls().count()).sum();
        assert_eq!(chat.transcript().results().count(), calls);
        saved(chat.transcript());
    }
}

/// Hmbown/Codewhale#6378: a made-up result stood beside the real one.
#[tokio::test(start_paused = true)]
async fn s06_the_real_result_of_a_call_that_ended_before_the_interrupt_is_the_only_one() {
    let agent = agent(plan("look 10, look 900"));
    let mut chat = agent.conversation(Transcript::default());
    timeout(ms(100), chat.send("go")).await.unwrap_err();
    assert_eq!(statuses(chat.transcript()), [Completed, Interrupted]);
    assert_eq!(texts(chat.transcript())[0], "10");
}

/// langchain-ai/langgraph#7412: siblings that had finished were dropped when one raised.
#[tokio::test(start_paused = true)]
async fn s07_a_panic_an_error_and_a_timeout_cost_no_other_result() {
    let outcome = run("look 1, burst 20, fail 30, hang 0, look 400").await;
    assert_eq!(
        texts(outcome.transcript()),
        [
            "1",
            "the tool panicked: index out of bounds",
            "no such file",
            "timed out after 300ms",
            "400"
        ]
    );
}

/// smallest-inc/smallest-python-sdk#118: a call that failed was answered with an empty id.
#[tokio::test(start_paused = true)]
async fn s08_each_result_has_the_id_and_name_of_its_call() {
    let calls = plan("look 1, fail 1, burst 1, hang 0, forget 1, look \"x\"");
    let outcome = agent(calls.clone()).run("go").await.unwrap();
    let pair = |result: &ToolResult| (result.call_id().to_owned(), result.name().to_owned());
    let expected: Vec<_> =
        calls.calls().map(|call| (call.id().to_owned(), call.name().to_owned())).collect();
    assert_eq!(outcome.transcript().results().map(pair).collect::<Vec<_>>(), expected);
}

/// A file that is removed at the end.
struct TempFile(std::path::PathBuf);

impl TempFile {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

/// Replace a text in a file.
#[tool(write)]
async fn edit(file: &TempFile, old: &str, new: &str) -> Result<(), std::io::Error> {
    let text = fs::read_to_string(&file.0)?;
    sleep(Duration::from_millis(5)).await;
    fs::write(&file.0, text.replacen(old, new, 1))
}

/// Read a file.
#[tool(read)]
async fn read(file: &TempFile) -> Result<String, std::io::Error> {
    sleep(Duration::from_millis(1)).await;
    fs::read_to_string(&file.0)
}

/// Remove a file.
#[tool(write)]
fn remove(file: &TempFile) -> Result<(), std::io::Error> {
    fs::remove_file(&file.0)
}

/// letta-ai/letta-code#377, lijunzh/koda#437: of several edits of one file some were lost.
#[tokio::test(start_paused = true)]
async fn s09_as_many_edits_of_a_file_as_calls_in_the_models_order() {
    let response = (0..20).fold(Response::new(), |response, n| {
        response.call("edit", format!(r#"{{"old":"<{n}>","new":"<{}>"}}"#, n + 1))
    });
    let tools = tools![edit, read].with(TempFile::new("s09", "at <0>"));
    let outcome = Agent::new(once(response.call("read", "{}"))).tools(tools).run("go").await;
    let outcome = outcome.unwrap();
    assert_eq!(texts(outcome.transcript())[20], "at <20>");
    assert!(!outcome.transcript().results().any(ToolResult::is_error));
}

/// google-gemini/gemini-cli#10287, earendil-works/pi#2692: a read raced with a write.
#[tokio::test(start_paused = true)]
async fn s10_a_read_sees_the_write_before_it_and_not_the_one_after_it() {
    let tools = tools![edit, read, remove].with(TempFile::new("s10", "old"));
    let response = Response::new()
        .call("edit", r#"{"old":"old","new":"new"}"#)
        .call("read", "{}")
        .call("remove", "{}")
        .call("read", "{}");
    let outcome = Agent::new(once(response)).tools(tools).run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript())[..3], ["done", "new", "done"]);
    assert_eq!(statuses(outcome.transcript()), [Completed, Completed, Completed, Failed]);
}

/// SamSaffron/term-llm#312: `parallel = false` was ignored by the executor.
#[tokio::test(start_paused = true)]
async fn s12_a_forbidden_parallel_holds_on_both_sides() {
    let model = ScriptedModel::new()
        .turn(|request| {
            assert_eq!(request.parallel(), Parallel::Never);
            plan("think 10, think 10, think 10")
        })
        .turn(|_| Response::new());
    let agent = Agent::new(model).tools(toolset()).parallel(Parallel::Never);
    assert_eq!(spans(&agent.run("go").await.unwrap()), [(0, 10), (10, 20), (20, 30)]);
}

/// Block a thread.
#[tool(read, blocking)]
fn block(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// google/adk-java#1152, anthropics/claude-code#14353: blocking tools ran one by one.
#[tokio::test]
async fn s13_blocking_bodies_run_together() {
    let agent = Agent::new(once(plan(&["block 200"; 10].join(", ")))).tools(tools![block]);
    let began = Instant::now();
    agent.run("go").await.unwrap();
    let took = began.elapsed();
    assert!(took >= ms(200) && took < ms(1000), "{took:?} instead of 200 ms; one by one 2 s");
}

/// pydantic/pydantic-ai#6884: 792 calls ran all at once and the run was stuck for hours.
#[tokio::test(start_paused = true)]
async fn s14_792_calls_under_a_limit_end_in_order() {
    let agent = agent(plan(&["look 100"; 792].join(", ")))
        .limits(Limits::default().calls(1000))
        .concurrency(10);
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(outcome.elapsed(), ms(8_000));
    assert_eq!(texts(outcome.transcript()), ["100"; 792]);
}

/// withastro/flue#449: a platform allows four workers at a time.
#[tokio::test(start_paused = true)]
async fn s15_four_at_a_time_and_no_free_worker_while_a_call_is_ready() {
    let agent = agent(plan("think 40, think 10, think 20, think 30, think 10, think 10, think 10"))
        .concurrency(4);
    assert_eq!(
        spans(&agent.run("go").await.unwrap()),
        [(0, 40), (0, 10), (0, 20), (0, 30), (10, 20), (20, 30), (20, 30)]
    );
}

/// Hang, without a timeout of its own.
#[tool]
async fn stall() {
    std::future::pending::<()>().await;
}

/// anthropics/claude-code#34565, NousResearch/hermes-agent#84719: a call hung for hours, and the
/// interrupt waited for it too.
#[tokio::test(start_paused = true)]
async fn s16_a_call_that_hangs_has_a_default_deadline_and_holds_no_interrupt_up() {
    let stalled = || {
        let calls = Response::new().call("stall", "{}").call("end", r#"{"ms":10}"#);
        Agent::new(once(calls)).tools(tools![stall, end])
    };
    let alone = Agent::new(once(Response::new().call("stall", "{}"))).tools(tools![stall]);
    let outcome = alone.run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [TimedOut]);
    assert_eq!(outcome.elapsed(), ms(120_000));

    let began = tokio::time::Instant::now();
    stalled().run("go").await.unwrap_err();
    assert_eq!(began.elapsed(), ms(10), "a fatal error does not wait for it");
    timeout(ms(5), stalled().run("go")).await.unwrap_err();
    assert_eq!(began.elapsed(), ms(15), "nor does a drop");
}

/// arcee-ai/nac#105: one stuck call withheld the results of its siblings.
#[tokio::test(start_paused = true)]
async fn s17_the_results_of_the_others_are_there_while_one_is_stuck() {
    let calls = plan("look 10, look 20").call("stall", "{}");
    let agent = Agent::new(once(calls)).tools(tools![look, stall]);
    let mut chat = agent.conversation(Transcript::default());
    timeout(ms(1000), chat.send("go")).await.unwrap_err();
    assert_eq!(texts(chat.transcript())[..2], ["10", "20"]);

    let ended: Vec<_> =
        agent.run("go").await.unwrap().timeline().calls().iter().map(|c| c.ended).collect();
    assert_eq!(ended, [ms(10), ms(20), ms(120_000)]);
}

/// can1357/oh-my-pi#11179, vercel/ai#16567: other orders of ends made other histories.
#[tokio::test(start_paused = true)]
async fn s22_the_history_has_the_same_bytes_whatever_the_order_of_ends() {
    static DELAYS: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];
    /// Take as long as it is told elsewhere.
    #[tool(read)]
    async fn vary(n: usize) -> usize {
        sleep(Duration::from_millis(DELAYS[n].load(Ordering::Relaxed) as u64)).await;
        n
    }
    let response = (0..3).fold(Response::new(), |r, n| r.call("vary", format!(r#"{{"n":{n}}}"#)));
    let agent = Agent::new(once(response)).tools(tools![vary]);
    let mut histories = HashSet::new();
    for delays in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 0, 0], [5, 1, 5]] {
        DELAYS.iter().zip(delays).for_each(|(delay, ms)| delay.store(ms, Ordering::Relaxed));
        histories.insert(saved(agent.run("go").await.unwrap().transcript()));
    }
    assert_eq!(histories.len(), 1);
}

/// allenhutchison/obsidian-gemini#1499: reads ran first, and results followed the order of running.
#[tokio::test(start_paused = true)]
async fn s23_results_follow_the_calls_although_a_later_one_ran_first() {
    let outcome = run("save 30, save 20, think 1").await;
    assert_eq!(spans(&outcome)[2], (0, 1));
    assert_eq!(texts(outcome.transcript()), ["30", "20", "1"]);
}

static RAN: AtomicUsize = AtomicUsize::new(0);

/// Count the runs.
#[tool(write)]
fn tick(n: u8) -> u8 {
    RAN.fetch_add(1, Ordering::SeqCst);
    n
}

/// vllm-project/vllm#58228, NousResearch/hermes-agent#7693: a call that was cut off ran.
#[tokio::test(start_paused = true)]
async fn s24_nothing_of_a_response_that_was_cut_off_runs() {
    let whole = || Response::new().call("tick", r#"{"n":1}"#);
    for stop in [
        StopReason::MaxTokens,
        StopReason::Refusal,
        StopReason::Filtered,
        StopReason::Other("overloaded".to_owned()),
    ] {
        let agent = Agent::new(once(whole().stop(stop.clone()))).tools(tools![tick]);
        let outcome = agent.run("go").await.unwrap();
        assert_eq!(statuses(outcome.transcript()), [NeverStarted], "{stop:?}");
        saved(outcome.transcript());
    }
    // Where the server lies about the reason, the arguments tell.
    let lie = Response::new().call("tick", r#"{"n":"#).stop(StopReason::ToolUse);
    let outcome = Agent::new(once(lie)).tools(tools![tick]).run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [Failed]);
    assert_eq!(RAN.load(Ordering::SeqCst), 0);
}

fn with_id(id: &str) -> Block {
    View::ToolCall(ToolCall::new(id, "think", r#"{"ms":1}"#)).into()
}

/// generative-computing/mellea#1431, NousResearch/hermes-agent#101536: two calls of one name, or
/// of one id, became one.
#[tokio::test(start_paused = true)]
async fn s26_the_same_tool_twice_and_the_same_id_twice_are_two_calls() {
    let twice = Response::new()
        .block(with_id("x"))
        .block(with_id("x"))
        .block(with_id(""))
        .block(with_id("x_2"));
    let outcome = agent(twice).run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["1"; 4]);
    let ids: HashSet<_> = outcome.transcript().results().map(ToolResult::call_id).collect();
    assert_eq!(ids.len(), 4);
    saved(outcome.transcript());
}

/// vercel/ai#2786: models invent `multi_tool_use.parallel`.
#[tokio::test(start_paused = true)]
async fn s27_an_invented_tool_for_parallel_calls_is_answered_with_guidance() {
    let arguments = r#"{"tool_uses":[{"recipient_name":"functions.look","parameters":{"ms":1}}]}"#;
    let response =
        Response::new().call("multi_tool_use.parallel", arguments).call("look", r#"{"ms":1}"#);
    let outcome = agent(response).run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [Failed, Completed]);
    let text = texts(outcome.transcript())[0];
    assert!(text.contains("several calls in one response"), "{text}");
}

/// zavora-ai/adk-rust#279: results in several messages taught the model to make single calls.
#[tokio::test(start_paused = true)]
async fn s29_all_results_stand_in_one_message_directly_after_their_calls() {
    let outcome = run("look 3, fail 1, save 2, hang 0").await;
    let [
        Message::User(_),
        Message::Assistant(calls),
        Message::Results(results),
        Message::Assistant(text),
    ] = outcome.transcript().messages()
    else {
        panic!("{:?}", outcome.transcript());
    };
    assert_eq!((calls.calls().count(), results.len(), text.all_text()), (4, 4, "done".to_owned()));
}

#[derive(Default)]
struct Basket(Vec<String>);

/// Put something into the basket.
#[tool]
async fn put(basket: &mut Basket, what: String, ms: u64) -> String {
    let mut before = basket.0.clone();
    sleep(Duration::from_millis(ms)).await;
    before.push(what);
    basket.0 = before;
    basket.0.join("+")
}

/// langchain-ai/langgraph#7129: of two updates of shared state one was dropped.
#[tokio::test(start_paused = true)]
async fn s31_updates_of_shared_state_come_in_call_order_and_none_is_lost() {
    let response = Response::new()
        .call("put", r#"{"what":"tea","ms":30}"#)
        .call("put", r#"{"what":"milk","ms":10}"#)
        .call("put", r#"{"what":"ice","ms":0}"#);
    let tools = tools![put].with(Lock::new(Basket::default()));
    let outcome = Agent::new(once(response)).tools(tools).run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["tea", "tea+milk", "tea+milk+ice"]);
}

/// Tell the key of the call, before and after a pause.
#[tool(write)]
async fn pay(ctx: Ctx) -> String {
    let before = ctx.key().to_owned();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(before, ctx.clone().key());
    before
}

/// ComposioHQ/composio#3654, crewAIInc/crewAI#5802: a payment was made twice.
#[tokio::test(start_paused = true)]
async fn s32_each_call_of_each_turn_and_run_has_a_key_of_its_own() {
    let two = |_: &agent_core::Request<'_>| Response::new().call("pay", "{}").call("pay", "{}");
    let model = ScriptedModel::new().turn(two).turn(two).turn(|_| Response::new());
    let agent = Agent::new(model).tools(tools![pay]);
    let (one, other) = tokio::join!(agent.run("one"), agent.run("other"));
    let (one, other) = (one.unwrap(), other.unwrap());
    let keys: HashSet<_> =
        [&one, &other].map(|o| texts(o.transcript())).into_iter().flatten().collect();
    assert_eq!(keys.len(), 8);
}
