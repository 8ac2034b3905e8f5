//! What tools declare beside what they touch: alone in a response, or few at the same time.

use agent_core::{
    Access, Agent, CallStatus, DynamicTool, Response, Toolset, ToolsetError, WaitedFor, tool, tools,
};
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use tokio::time::sleep;

use agent_tests::support::{ms, once, plan, spans, statuses, texts};

/// Look for a while.
#[tool(read)]
async fn look(ms: u64) -> u64 {
    sleep(agent_tests::support::ms(ms)).await;
    ms
}

static DECIDED: AtomicU32 = AtomicU32::new(0);

/// Decide.
#[tool(write, solo)]
async fn decide(ms: u64) -> u64 {
    DECIDED.fetch_add(1, SeqCst);
    sleep(agent_tests::support::ms(ms)).await;
    ms
}

/// Ask a service that takes two requests at a time.
#[tool(read, max_concurrent = 2)]
async fn ask(ms: u64) -> u64 {
    sleep(agent_tests::support::ms(ms)).await;
    ms
}

/// Say nothing of what it touches.
#[tool]
fn silent(ms: u64) -> u64 {
    ms
}

#[tokio::test(start_paused = true)]
async fn a_solo_call_among_others_is_told_to_come_alone() {
    let agent = Agent::new(once(plan("look 30, decide 10, look 20"))).tools(tools![look, decide]);
    let outcome = agent.run("go").await.unwrap();
    let transcript = outcome.transcript();
    assert_eq!(
        statuses(transcript),
        [CallStatus::Completed, CallStatus::NotRun, CallStatus::Completed]
    );
    let told = "never started: call it alone, after you have seen the other results";
    assert_eq!(texts(transcript), ["30", told, "20"]);
    assert_eq!(outcome.elapsed(), ms(30));
    let before = DECIDED.load(SeqCst);

    let agent = Agent::new(once(plan("decide 10"))).tools(tools![look, decide]);
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(texts(outcome.transcript()), ["10"]);
    assert_eq!(DECIDED.load(SeqCst), before + 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_of_no_tool_is_company_too() {
    let response = Response::new().call("decide", r#"{"ms":1}"#).call("decidde", "{}");
    let outcome = Agent::new(once(response)).tools(tools![decide]).run("go").await.unwrap();
    assert_eq!(statuses(outcome.transcript()), [CallStatus::NotRun, CallStatus::Failed]);
}

#[tokio::test(start_paused = true)]
async fn of_a_limited_tool_so_many_calls_run_at_the_same_time() {
    let calls = plan("ask 100, ask 200, ask 100, look 50, ask 100");
    let outcome = Agent::new(once(calls)).tools(tools![ask, look]).run("go").await.unwrap();
    assert_eq!(spans(&outcome), [(0, 100), (0, 200), (100, 200), (0, 50), (200, 300)]);
    let waited: Vec<_> = outcome.timeline().calls().iter().map(|call| call.waited_for).collect();
    let slot = Some(WaitedFor::ToolSlot);
    assert_eq!(waited, [None, None, slot, None, slot]);
    assert!(outcome.timeline().to_string().contains("for a slot of its tool"));
}

#[tokio::test(start_paused = true)]
async fn a_tools_limit_holds_for_all_runs_and_beside_that_of_the_agent() {
    let toolset = Toolset::from(tools![ask, look]);
    let run = |calls: &str, slots| {
        let agent = Agent::new(once(plan(calls))).tools(toolset.clone()).concurrency(slots);
        async move { spans(&agent.run("go").await.unwrap()) }
    };
    let both = tokio::join!(
        run("ask 100, ask 100, look 10, look 10", 3),
        run("ask 100, ask 100, look 10", 1)
    );
    // The agent's third slot is free for the reads all the time.
    assert_eq!(both.0, [(0, 100), (0, 100), (0, 10), (10, 20)]);
    assert_eq!(both.1, [(100, 200), (200, 300), (0, 10)]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_run_leaves_the_slots_of_its_tools() {
    let toolset = Toolset::from(tools![ask]);
    let agent = Agent::new(once(plan("ask 100, ask 100, ask 100, ask 100"))).tools(toolset.clone());
    assert!(tokio::time::timeout(ms(150), agent.run("go")).await.is_err());
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(spans(&outcome), [(0, 100), (0, 100), (100, 200), (100, 200)]);
}

#[tokio::test(start_paused = true)]
async fn tools_known_at_run_time_may_be_limited_and_solo() {
    let tool = |name: &str| {
        let schema = json!({"type": "object", "properties": {"ms": {"type": "integer"}}});
        DynamicTool::new(name, "Sleep.", schema, Access::Read, |arguments, _| async move {
            sleep(ms(arguments["ms"].as_u64().unwrap_or_default())).await;
            Ok::<_, String>("done")
        })
    };
    let toolset = Toolset::default().and(tool("one").max_concurrent(1)).unwrap();
    let toolset = toolset.and(tool("alone").solo()).unwrap();
    let calls = plan("one 10, one 10, alone 1");
    let outcome = Agent::new(once(calls)).tools(toolset).run("go").await.unwrap();
    assert_eq!(outcome.elapsed(), ms(20));
    assert_eq!(statuses(outcome.transcript())[2], CallStatus::NotRun);
}

#[test]
fn those_who_want_it_said_of_all_tools_learn_which_do_not_say_it() {
    let error = Toolset::from(tools![look, silent]).deny_undeclared().unwrap_err();
    let ToolsetError::Undeclared { tools } = &error else { panic!("{error}") };
    assert_eq!(tools.iter().map(|name| &**name).collect::<Vec<_>>(), ["silent"]);
    assert_eq!(
        error.to_string(),
        "these tools do not say what they touch: `silent`; declare `pure`, `read` or `write`"
    );
    assert!(Toolset::from(tools![look, ask, decide]).deny_undeclared().is_ok());
}
