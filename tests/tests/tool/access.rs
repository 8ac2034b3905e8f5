//! What tools declare beside what they touch: alone in a response, or few at the same time.

use agent_core::{
    Access, Agent, CallStatus, DynamicTool, Lock, Response, Toolset, WaitedFor, tool, tools,
};
use serde_json::json;
use std::path::PathBuf;
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

#[tokio::test(start_paused = true)]
async fn a_solo_call_among_others_is_told_to_come_alone() {
    let agent = Agent::new(once(plan("look 30, decide 10, look 20"))).tools(tools![look, decide]);
    let outcome = agent.run("go").await.unwrap();
    let transcript = outcome.transcript();
    assert_eq!(
        statuses(transcript),
        [CallStatus::Completed, CallStatus::NotRun, CallStatus::Completed]
    );
    let told = "not run: call it alone, after you have seen the other results";
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

/// Counts.
#[derive(Default)]
struct Count(u32);

/// Count.
#[tool]
fn count(count: &mut Count) {
    count.0 += 1;
}

/// Count what a file holds.
#[tool(read(file = path))]
fn count_in(count: &mut Count, path: PathBuf) {
    count.0 += u32::from(path.exists());
}

/// Count what a service has.
#[tool(read)]
fn count_there(count: &mut Count) {
    count.0 += 1;
}

/// Count what is in stock.
#[tool(read("stock"))]
fn count_stock(count: &mut Count) {
    count.0 += 1;
}

/// The count.
#[tool(pure)]
fn counted(count: &Count) -> u32 {
    count.0
}

/// The count and what a file holds.
#[tool(read(file = path))]
fn compared(count: &Count, path: PathBuf) -> bool {
    count.0 == u32::from(path.exists())
}

/// Delete one file.
#[tool(destructive, write(file = path))]
fn delete(path: PathBuf) {
    drop(path);
}

/// Delete what a folder lists.
#[tool(destructive, read(file = path))]
fn delete_all(path: PathBuf) {
    drop(path);
}

#[test]
fn the_access_of_a_tool_is_its_strongest_claim() {
    let tools = tools![
        compared,
        count,
        count_in,
        count_stock,
        count_there,
        counted,
        decide,
        delete,
        delete_all,
        look
    ];
    let toolset = tools.with_state(Lock::new(Count::default()));
    let access: Vec<_> = toolset.names().map(|name| toolset.access(name).unwrap()).collect();
    let (pure, read, write) = (Access::Pure, Access::Read, Access::Write);
    assert_eq!(access, [read, write, write, write, write, pure, write, write, write, read]);
}

/// Which thread runs it.
fn thread() -> String {
    format!("{:?}", std::thread::current().id())
}

/// On which thread it runs.
#[tool(pure)]
fn on_a_thread() -> String {
    thread()
}

/// On which thread it runs, if it says that it is short.
#[tool(pure, inline)]
fn in_place() -> String {
    thread()
}

/// On which thread it runs, if it waits.
#[tool(pure)]
async fn on_the_runtime() -> String {
    tokio::task::yield_now().await;
    thread()
}

/// On which thread it runs, if it blocks where it waits.
#[tool(pure, blocking)]
async fn async_on_a_thread() -> String {
    tokio::task::yield_now().await;
    thread()
}

#[tokio::test(flavor = "current_thread")]
async fn a_fn_runs_on_a_thread_and_an_async_fn_on_the_runtime_unless_it_says_otherwise() {
    let tools = Toolset::from(tools![on_a_thread, in_place, on_the_runtime, async_on_a_thread]);
    let response = ["on_a_thread", "in_place", "on_the_runtime", "async_on_a_thread"]
        .into_iter()
        .fold(Response::new(), |response, name| response.call(name, "{}"));
    let outcome = Agent::new(once(response)).tools(tools).run("go").await.unwrap();
    let here = thread();
    let there: Vec<_> = texts(outcome.transcript()).iter().map(|text| **text == *here).collect();
    assert_eq!(there, [false, true, true, false]);
}

/// How often tools ran.
struct Ran {
    count: u64,
}

/// Tools that change the state, beside what else they declare.
mod changing {
    use agent_core::tool;
    use std::path::PathBuf;

    use super::Ran;

    /// Change the state alone.
    #[tool]
    pub(crate) fn alone(ran: &mut Ran) {
        ran.count += 1;
    }

    /// Read a file, and change the state.
    #[tool(read(file = path))]
    pub(crate) fn beside_key(ran: &mut Ran, path: PathBuf) -> bool {
        ran.count += 1;
        path.exists()
    }

    /// Read a resource, and change the state.
    #[tool(read("orders"))]
    pub(crate) fn beside_resource(ran: &mut Ran) {
        ran.count += 1;
    }
}

/// Look at the state.
#[tool(read("orders"))]
fn see(ran: &Ran) -> u64 {
    ran.count
}

/// Add to the log.
#[tool(read, write("log"), solo)]
fn note() {}

/// Delete everything.
#[tool(destructive)]
fn wipe() {}

#[test]
fn an_exclusive_claim_makes_a_tool_a_write() {
    use changing::{alone, beside_key, beside_resource};
    let toolset = tools![alone, beside_key, beside_resource, look, note, see, wipe]
        .with_state(Lock::new(Ran { count: 0 }));
    let writes = ["alone", "beside_key", "beside_resource", "note", "wipe"];
    for definition in toolset.definitions() {
        let name = definition.name();
        let expected = if writes.contains(&name) { Access::Write } else { Access::Read };
        assert_eq!(definition.access(), expected, "{name}");
        assert_eq!(toolset.access(name), Some(expected), "{name}");
        assert_eq!(definition.is_destructive(), name == "wipe");
        assert_eq!(definition.is_solo(), name == "note");
    }
    assert_eq!(toolset.access("nothing"), None);
}

#[test]
fn a_tool_known_at_run_time_has_the_access_it_declares() {
    let toolset = |access| {
        let body = |_, _| async { Ok::<_, String>("done") };
        let tool = DynamicTool::new("t", "A tool.", json!({"type": "object"}), access, body);
        Toolset::default().and(tool.solo()).unwrap()
    };
    for (declared, access) in
        [(Access::Pure, Access::Pure), (Access::Read, Access::Read), (Access::Write, Access::Write)]
    {
        let toolset = toolset(declared);
        assert_eq!(toolset.definitions()[0].access(), access);
        assert!(toolset.definitions()[0].is_solo());
    }
}
