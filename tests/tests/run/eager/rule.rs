//! Who begins early, and who does not.

use agent_core::CallStatus::{Completed, Failed, NotRun};
use agent_core::{
    Agent, BoxFuture, Decision, Delta, Model, ModelError, ParallelToolCalls, PendingCall, Request,
    Response, ToolCall, WaitedFor,
};

use super::{agent, run};
use agent_tests::support::diary::Diary;
use agent_tests::support::streamed::{Script, Streamed};
use agent_tests::support::{ms, once, plan, spans, statuses, texts};

/// One call, after which 2 s more of the answer come.
fn then_two_seconds(call: &str) -> Script {
    Script::new().after(100).calls(call).after(100).with_text("and ").after(2000).end()
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_complete_two_seconds_before_the_end_costs_no_time() {
    let diary = Diary::new();
    let outcome = run(&diary, &agent(&diary, [then_two_seconds("look 1200")])).await;
    assert_eq!(diary.lines(), ["200 look begins", "1400 look ends"]);
    assert_eq!(outcome.elapsed(), ms(2200), "as long as the response");
    assert_eq!(spans(&outcome), [(200, 1400)]);
    assert_eq!((texts(outcome.transcript()), outcome.text()), (vec!["1200"], "done".to_owned()));

    let diary = Diary::new();
    let late = agent(&diary, [then_two_seconds("look 1200")]).eager_calls(false);
    assert_eq!(run(&diary, &late).await.elapsed(), ms(3400));
}

#[tokio::test(start_paused = true)]
async fn a_read_that_outlasts_the_response_goes_on_after_it() {
    let diary = Diary::new();
    let script = then_two_seconds("look 5000, think 3000, look 100");
    let outcome = run(&diary, &agent(&diary, [script])).await;
    assert_eq!(spans(&outcome), [(100, 5100), (100, 3100), (200, 300)]);
    assert_eq!(texts(outcome.transcript()), ["5000", "3000", "100"]);
    assert_eq!(outcome.elapsed(), ms(5100));
    let queued: Vec<_> = outcome.timeline().calls().iter().map(|call| call.queued).collect();
    assert_eq!(queued, [ms(100), ms(100), ms(200)]);
    let won: Vec<_> = outcome.timeline().calls().iter().map(|call| call.head_start).collect();
    assert_eq!(won, [ms(2100), ms(2100), ms(2000)]);
}

#[tokio::test(start_paused = true)]
async fn the_last_call_begins_with_the_good_end() {
    let diary = Diary::new();
    let script = Script::new().calls("look 10").after(500).calls("look 20").after(500).end();
    let outcome = run(&diary, &agent(&diary, [script])).await;
    assert_eq!(spans(&outcome), [(500, 510), (1000, 1020)]);
}

#[tokio::test(start_paused = true)]
async fn reads_and_pure_calls_begin_early_and_no_others() {
    for (tool, early) in [
        ("look", true),
        ("think", true),
        ("tell", true),
        ("narrow", true),
        ("fail", true),
        ("count", false),
        ("save", false),
        ("wipe", false),
        ("alone", false),
    ] {
        let diary = Diary::new();
        let agent = agent(&diary, [then_two_seconds(&format!("{tool} 10"))]);
        let agent = agent.tools(diary.all_tools()).approve(|_| async { Decision::Allow });
        run(&diary, &agent).await;
        let at = if early { 200 } else { 2200 };
        assert_eq!(diary.when(&format!("{tool} begins")), Some(at), "{tool}");
    }
}

#[tokio::test(start_paused = true)]
async fn named_reads_begin_early_and_named_writes_do_not() {
    let diary = Diary::new();
    let script = Script::new()
        .call("peek", r#"{"path":"a","ms":10}"#)
        .call("poke", r#"{"path":"b","ms":10}"#)
        .after(1000)
        .end();
    run(&diary, &agent(&diary, [script])).await;
    assert_eq!(
        diary.lines(),
        ["0 peek a begins", "10 peek a ends", "1000 poke b begins", "1010 poke b ends"]
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_begins_early_if_it_is_switched_off_or_calls_come_one_by_one() {
    let script = || [Script::new().calls("look 10, think 20").after(1000).end()];
    let off: fn(Agent) -> Agent = |agent| agent.eager_calls(false);
    for (rule, wanted) in [
        (off, [(1000, 1010), (1000, 1020)]),
        (|agent| agent.parallel_tool_calls(ParallelToolCalls::Never), [(1000, 1010), (1010, 1030)]),
        (|agent| agent, [(0, 10), (1000, 1020)]),
    ] {
        let diary = Diary::new();
        let outcome = run(&diary, &rule(agent(&diary, script()))).await;
        assert_eq!(spans(&outcome), wanted);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_policy_decides_over_does_not_begin_early() {
    let diary = Diary::new();
    let agent = agent(&diary, [then_two_seconds("look 10")]);
    let agent = agent.policy(|_: &PendingCall| Decision::Allow);
    assert_eq!(spans(&run(&diary, &agent).await), [(2200, 2210)]);
}

#[tokio::test(start_paused = true)]
async fn a_read_behind_a_held_write_it_conflicts_with_is_held_with_it() {
    let diary = Diary::new();
    let script = Script::new()
        .call("poke", r#"{"path":"a","ms":100}"#)
        .call("peek", r#"{"path":"a","ms":10}"#)
        .call("peek", r#"{"path":"b","ms":20}"#)
        .call("look", r#"{"ms":30}"#)
        .call("think", r#"{"ms":40}"#)
        .after(1000)
        .with_text("that is all")
        .end();
    let outcome = run(&diary, &agent(&diary, [script])).await;
    assert_eq!(
        spans(&outcome),
        [(1000, 1100), (1100, 1110), (0, 20), (1100, 1130), (1000, 1040)],
        "also an unnamed read; what conflicts with nothing does not wait"
    );
    let waited: Vec<_> = outcome.timeline().calls().iter().map(|call| call.waited_for).collect();
    assert_eq!(waited[1], Some(WaitedFor::Call(1)));
}

#[tokio::test(start_paused = true)]
async fn a_read_before_a_write_holds_the_write_back_until_it_ends() {
    let diary = Diary::new();
    let script = Script::new().calls("look 3000, save 10").after(1000).end();
    let outcome = run(&diary, &agent(&diary, [script])).await;
    assert_eq!(spans(&outcome), [(0, 3000), (3000, 3010)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_changes_state_holds_later_reads_not_back() {
    let diary = Diary::new();
    let script = Script::new().calls("count 10, look 20, think 5").after(1000).end();
    let outcome = run(&diary, &agent(&diary, [script])).await;
    assert_eq!(spans(&outcome), [(1000, 1010), (0, 20), (1000, 1005)]);
}

#[tokio::test(start_paused = true)]
async fn a_read_behind_a_destructive_call_waits_for_the_decision() {
    for (decision, at) in [(Decision::Allow, 3100), (Decision::deny("no"), 3000)] {
        let diary = Diary::new();
        let script = Script::new().calls("wipe 100, look 10").after(1000).end();
        let agent = agent(&diary, [script]).tools(diary.all_tools()).approve(move |_| {
            let decision = decision.clone();
            async move {
                tokio::time::sleep(ms(2000)).await;
                decision
            }
        });
        run(&diary, &agent).await;
        assert_eq!(diary.when("look begins"), Some(at));
    }
}

#[tokio::test(start_paused = true)]
async fn an_early_read_waits_for_the_write_of_another_run() {
    for (end, wanted) in [(3000, 3100), (400, 1510)] {
        let diary = Diary::new();
        let poke = Script::new().call("poke", r#"{"path":"a","ms":1500}"#).end();
        let other = agent(&diary, [poke]);
        let peek = Script::new().after(100).call("peek", r#"{"path":"a","ms":10}"#).with_text("so");
        let tools = diary.tools();
        let reader = Agent::new(Streamed::new([peek.after(end).end()])).tools(tools.clone());
        let (write, read) = tokio::join!(other.tools(tools).run("go"), reader.run("go"));
        write.unwrap();
        let outcome = read.unwrap();
        assert_eq!(outcome.elapsed(), ms(wanted));
        let timeline = outcome.timeline();
        let call = &timeline.calls()[0];
        assert_eq!(call.waited_for, Some(WaitedFor::OtherRun));
        assert_eq!((call.queued, call.started), (ms(100), Some(ms(1500))));
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_cannot_run_are_answered_after_the_end_and_hold_nothing_up() {
    let diary = Diary::new();
    let script = Script::new()
        .call("look", r#"{"ms":"#)
        .call("look", r#"{"seconds":1}"#)
        .call("glance", r#"{"ms":1}"#)
        .call("alone", r#"{"ms":1}"#)
        .call("look", r#"{"ms":10}"#)
        .call("think", r#"{"ms":x}"#)
        .after(1000)
        .end();
    let outcome = run(&diary, &agent(&diary, [script])).await;
    assert_eq!(statuses(outcome.transcript()), [Failed, Failed, Failed, NotRun, Completed, Failed]);
    assert_eq!(diary.lines(), ["0 look begins", "10 look ends"]);
    let texts = texts(outcome.transcript());
    assert!(texts[0].contains("invalid arguments") && texts[2].contains("no tool"), "{texts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_response_that_comes_as_a_whole_begins_nothing_early() {
    let diary = Diary::new();
    let script = Script::new().calls("look 10").after(1000).end();
    let agent = Agent::new(Streamed::quiet([script])).tools(diary.tools());
    assert_eq!(spans(&run(&diary, &agent).await), [(1000, 1010)]);
    let agent = Agent::new(once(plan("look 10"))).tools(diary.tools());
    assert_eq!(spans(&run(&diary, &agent).await), [(0, 10)]);
}

/// Tells of other calls than those with which it answers.
struct Liar;

impl Model for Liar {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            if !request.results().is_empty() {
                return Ok(Response::new().with_text("done"));
            }
            for ms in [10, 20, 3000] {
                let call = ToolCall::new("x", "look", format!(r#"{{"ms":{ms}}}"#));
                request.emit(Delta::CallDone(&call));
            }
            tokio::time::sleep(ms(1000)).await;
            Ok(plan("look 10, save 5"))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn the_response_counts_and_not_what_was_told_of_it() {
    let diary = Diary::new();
    let outcome = run(&diary, &Agent::new(Liar).tools(diary.tools())).await;
    assert_eq!(texts(outcome.transcript()), ["10", "5"]);
    assert_eq!(spans(&outcome), [(1000, 1010), (1010, 1015)]);
    assert_eq!(diary.when("look is stopped"), Some(1000), "{:?}", diary.lines());
}
