//! What is left after a run was dropped, ended by a fatal error, or lost its runtime.

use agent_core::CallStatus::{Completed, Failed, Interrupted, NotRun, TimedOut};
use agent_core::{
    Agent, BoxFuture, Conversation, Lock, Message, Model, ModelError, ParallelToolCalls, Request,
    Response, RunErrorKind, ScriptedModel, ToolError, Toolset, Transcript, tool, tools,
};
use agent_tests::support::{StopAt, ms, once, plan, saved, statuses, texts};
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{sleep, timeout};

#[derive(Default)]
struct Effects(AtomicUsize);

impl Effects {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[derive(Default)]
struct Notes(Vec<u64>);

#[derive(Default, agent_core::State)]
struct App {
    effects: Effects,
    #[lend(mut Notes)]
    notes: Lock<Notes>,
}

/// Have an effect every few milliseconds.
async fn work(effects: &Effects, ms: u64) -> u64 {
    for _ in 0..ms.div_ceil(5) {
        effects.0.fetch_add(1, Ordering::SeqCst);
        sleep(Duration::from_millis(5)).await;
    }
    effects.0.fetch_add(1, Ordering::SeqCst);
    ms
}

/// Read.
#[tool(read)]
async fn look(effects: &Effects, ms: u64) -> u64 {
    work(effects, ms).await
}

/// Write.
#[tool(write)]
async fn save(effects: &Effects, ms: u64) -> u64 {
    work(effects, ms).await
}

/// Write a note.
#[tool(read)]
async fn note(effects: &Effects, notes: &mut Notes, ms: u64) -> u64 {
    notes.0.push(ms);
    work(effects, ms).await
}

/// Touch nothing.
#[tool(pure)]
async fn think(effects: &Effects, ms: u64) -> u64 {
    work(effects, ms).await
}

fn bind(app: &Arc<App>) -> Toolset {
    tools![look, save, note, think].with_state_arc(app.clone())
}

/// Thinks for 10 ms; makes calls in its first three responses and says something in all others.
struct Talker;

impl Model for Talker {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            sleep(ms(10)).await;
            Ok(match request.transcript().responses().count() {
                0 => plan("look 20, think 30, save 10, look 5, note 10, note 10"),
                1 => plan("save 10, save 10, note 20, look 10"),
                2 => plan("think 10, think 20, look 30"),
                _ => Response::new().with_text("done"),
            })
        })
    }
}

fn paused() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// Nothing happens any more, and nothing is left.
async fn assert_quiet(app: &App) {
    let before = app.effects.count();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(app.effects.count(), before, "effects after the end");
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    assert!(timeout(ms(1), app.notes.write()).await.is_ok(), "the state is free");
}

/// Runs to the end with one more word of the user.
async fn assert_goes_on(chat: &mut Conversation) {
    saved(chat.transcript());
    let outcome = chat.send("go on").await.unwrap();
    assert_eq!(outcome.text(), "done");
    let transcript = outcome.transcript();
    let calls: usize = transcript.responses().map(|response| response.calls().count()).sum();
    assert_eq!(transcript.results().count(), calls);
    saved(transcript);
}

#[derive(Clone, Copy, Debug)]
enum Rules {
    Free,
    TwoSlots,
    OneByOne,
}

fn agent(app: &Arc<App>, rules: Rules) -> Agent {
    let agent = Agent::new(Talker).tools(bind(app));
    match rules {
        Rules::Free => agent,
        Rules::TwoSlots => agent.concurrency(2),
        Rules::OneByOne => agent.parallel_tool_calls(ParallelToolCalls::Never),
    }
}

const RULES: [Rules; 3] = [Rules::Free, Rules::TwoSlots, Rules::OneByOne];

#[test]
fn a_run_dropped_at_any_poll_leaves_nothing_behind() {
    for rules in RULES {
        let mut stopped = 0;
        for at in 0.. {
            let ended = paused().block_on(async {
                let app = Arc::new(App::default());
                let ended = StopAt::new(at, agent(&app, rules).run("go")).await;
                assert_quiet(&app).await;
                ended
            });
            let Some(ended) = ended else {
                stopped += 1;
                continue;
            };
            assert_eq!(ended.unwrap().text(), "done");
            break;
        }
        assert!(stopped > 10, "{rules:?}: {stopped} polls");
    }
}

#[test]
fn a_conversation_dropped_at_any_poll_is_valid_and_goes_on() {
    for rules in RULES {
        for at in 0.. {
            let over = paused().block_on(async {
                let app = Arc::new(App::default());
                let mut chat = agent(&app, rules).conversation(Transcript::default());
                let ended = StopAt::new(at, chat.send("go")).await;
                assert_quiet(&app).await;
                assert_goes_on(&mut chat).await;
                assert_quiet(&app).await;
                ended.is_some()
            });
            if over {
                break;
            }
        }
    }
}

#[test]
fn a_conversation_dropped_at_any_time_is_valid_and_goes_on() {
    for rules in RULES {
        for time in 0.. {
            let over = paused().block_on(async {
                let app = Arc::new(App::default());
                let mut chat = agent(&app, rules).conversation(Transcript::default());
                let ended = timeout(ms(time), chat.send("go")).await;
                assert_quiet(&app).await;
                assert_goes_on(&mut chat).await;
                ended.is_ok()
            });
            if over {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_conversation_tells_what_ended_what_ran_and_what_not_run() {
    let app = Arc::new(App::default());
    let agent = Agent::new(once(plan("look 10, save 20, save 10, think 200"))).tools(bind(&app));
    let mut chat = agent.conversation(Transcript::default());
    timeout(ms(15), chat.send("go")).await.unwrap_err();
    assert_eq!(statuses(chat.transcript()), [Completed, Interrupted, NotRun, Interrupted]);
}

/// The call reports its end, and the run is dropped before it takes notice.
#[tokio::test(start_paused = true)]
async fn the_result_of_a_call_that_had_ended_before_the_drop_is_kept() {
    let app = Arc::new(App::default());
    let agent = Agent::new(once(plan("think 10, think 200"))).tools(bind(&app));
    let mut chat = agent.conversation(Transcript::default());
    // It is polled when a call has reported: then the first has had its last effect.
    let stop = poll_fn(|_| match app.effects.count() {
        0..5 => Poll::Pending,
        _ => Poll::Ready(()),
    });
    tokio::select! {
        biased;
        () = stop => {}
        _ = chat.send("go") => unreachable!(),
    }
    assert_eq!(statuses(chat.transcript()), [Completed, Interrupted]);
}

/// Fail.
#[tool(pure)]
async fn fail(ms: u64) -> Result<(), String> {
    sleep(Duration::from_millis(ms)).await;
    Err("disk full".to_owned())
}

/// Hang, but not for ever.
#[tool(pure, timeout = "200ms")]
async fn hang(ms: u64) -> u64 {
    sleep(Duration::from_millis(ms)).await;
    ms
}

/// End the run.
#[tool(pure)]
async fn end(ms: u64) -> Result<(), ToolError> {
    sleep(Duration::from_millis(ms)).await;
    Err(ToolError::fatal(std::io::Error::other("the account is closed")))
}

fn with_end(app: &Arc<App>) -> Toolset {
    bind(app).and(tools![fail, hang, end]).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_fatal_error_stops_the_siblings_and_closes_each_slot_in_its_own_words() {
    let app = Arc::new(App::default());
    let calls = "think 100, fail 100, hang 900, look 5000, save 10, note 5000, end 500, think 5000";
    let agent = Agent::new(once(plan(calls))).tools(with_end(&app));
    let began = tokio::time::Instant::now();
    let error = agent.run("go").await.unwrap_err();
    assert_eq!(began.elapsed(), ms(500));

    let RunErrorKind::Fatal { tool, error: source } = error.kind() else {
        panic!("{error:?}");
    };
    assert_eq!((&**tool, source.to_string()), ("end", "the account is closed".to_owned()));
    assert_eq!(error.to_string(), "the tool `end` ended the run");
    assert_eq!(
        statuses(error.transcript()),
        [Completed, Failed, TimedOut, Interrupted, NotRun, NotRun, Failed, Interrupted]
    );
    let told = "not run: another call ended the run";
    assert_eq!(
        texts(error.transcript()),
        [
            "100",
            "disk full",
            "timed out after 200ms",
            "interrupted while running",
            told,
            told,
            "the account is closed",
            "interrupted while running"
        ]
    );
    saved(error.transcript());
    assert_quiet(&app).await;
}

#[tokio::test(start_paused = true)]
async fn of_a_call_that_writes_it_is_said_that_it_may_have_taken_effect() {
    let app = Arc::new(App::default());
    let agent = Agent::new(once(plan("save 5000, end 100"))).tools(with_end(&app));
    let error = agent.run("go").await.unwrap_err();
    assert_eq!(texts(error.transcript())[0], "interrupted while running; it may have taken effect");
}

#[tokio::test(start_paused = true)]
async fn a_fatal_error_is_fatal_under_every_rule() {
    for rules in RULES {
        let app = Arc::new(App::default());
        let calls = plan("end 10, save 10, save 10, think 5");
        let agent = Agent::new(once(calls)).tools(with_end(&app));
        let agent = match rules {
            Rules::Free => agent,
            Rules::TwoSlots => agent.concurrency(1),
            Rules::OneByOne => agent.parallel_tool_calls(ParallelToolCalls::Never),
        };
        let error = agent.run("go").await.unwrap_err();
        assert!(matches!(error.kind(), RunErrorKind::Fatal { .. }), "{rules:?}");
        assert_eq!(error.transcript().results().count(), 4);
        assert_quiet(&app).await;
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_runs_on_one_toolset_the_other_goes_on_when_one_is_dropped() {
    let app = Arc::new(App::default());
    let tools = bind(&app);
    let holder = Agent::new(once(plan("save 5000, note 5000"))).tools(tools.clone());
    let waiter = Agent::new(once(plan("save 10, note 10"))).tools(tools);
    let waiting = tokio::spawn(async move {
        sleep(ms(1)).await;
        let outcome = waiter.run("go").await.unwrap();
        (texts(outcome.transcript()).join(" "), tokio::time::Instant::now())
    });
    let began = tokio::time::Instant::now();
    timeout(ms(100), holder.run("go")).await.unwrap_err();
    let (text, ended) = waiting.await.unwrap();
    assert_eq!((text.as_str(), ended - began), ("10 10", ms(120)));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_run_gives_its_slots_back() {
    let app = Arc::new(App::default());
    let agent = Agent::new(once(plan("think 50, think 50, think 50, think 50")))
        .tools(bind(&app))
        .concurrency(2);
    timeout(ms(20), agent.run("go")).await.unwrap_err();
    assert_eq!(agent.run("go").await.unwrap().elapsed(), ms(100));
}

#[tokio::test(start_paused = true)]
async fn a_call_of_a_dropped_run_that_waited_for_a_slot_holds_nobody_back() {
    let app = Arc::new(App::default());
    let as_asked = ScriptedModel::new()
        .turn(|request| match &request.transcript().messages()[0] {
            Message::User(input) if *input == ["think".into()].into() => plan("think 1000"),
            _ => plan("save 10"),
        })
        .turn(|_| Response::new());
    let free = Agent::new(as_asked).tools(bind(&app));
    let narrow = free.clone().concurrency(1);
    let holder = narrow.clone();
    let holder = tokio::spawn(async move { holder.run("think").await.unwrap().elapsed() });
    sleep(ms(1)).await;
    // Its call is free in the ledger, where it claims the world, and has no slot.
    timeout(ms(10), narrow.run("save")).await.unwrap_err();
    assert_eq!(free.run("save").await.unwrap().elapsed(), ms(10));
    assert_eq!(holder.await.unwrap(), ms(1000));
}
