//! What a response may be like, and what becomes of its calls.

use agent_core::CallStatus::{Completed, Failed, NotRun};
use agent_core::{
    Agent, Content, ContentBlock, Message, Response, ScriptedModel, StopReason, ToolCall,
    ToolContext, ToolResult, tool, tools,
};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::sleep;

use super::{agent, run};
use agent_tests::support::{once, saved, statuses, texts};

static RAN: AtomicUsize = AtomicUsize::new(0);

/// Count the runs.
#[tool(write, inline)]
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
        assert_eq!(statuses(outcome.transcript()), [NotRun], "{stop:?}");
        saved(outcome.transcript());
    }
    // Where the server lies about the reason, the arguments tell.
    let lie = Response::new().call("tick", r#"{"n":"#).stop(StopReason::ToolUse);
    let outcome = Agent::new(once(lie)).tools(tools![tick]).run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [Failed]);
    assert_eq!(RAN.load(Ordering::SeqCst), 0);
}

fn with_id(id: &str) -> ContentBlock {
    Content::ToolCall(ToolCall::new(id, "think", r#"{"ms":1}"#)).into()
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
    assert_eq!((calls.calls().count(), results.len(), text.text()), (4, 4, "done".to_owned()));
}

/// Tell the key of the call, before and after a pause.
#[tool(write)]
async fn pay(ctx: ToolContext) -> String {
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
