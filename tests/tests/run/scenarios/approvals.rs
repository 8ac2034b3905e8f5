//! Calls that wait for a human.

use agent_core::CallStatus::{Completed, NotRun};
use agent_core::{
    Agent, Content, ContentBlock, Decision, PendingCall, Response, ScriptedModel, ToolCall,
    Toolset, Transcript, tool, tools,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use agent_tests::support::{ms, once, saved, statuses, texts};

#[derive(Default)]
struct Runs {
    looks: AtomicU32,
    payments: AtomicU32,
}

/// Look.
#[tool(read("account"))]
async fn look(runs: &Runs) -> u32 {
    sleep(Duration::from_millis(10)).await;
    runs.looks.fetch_add(1, SeqCst)
}

/// Pay somebody.
#[tool(destructive, write(account = whom))]
async fn pay(runs: &Runs, whom: &str) -> String {
    sleep(Duration::from_millis(10)).await;
    runs.payments.fetch_add(1, SeqCst);
    format!("paid {whom}")
}

impl Runs {
    fn tools(self: &Arc<Self>) -> Toolset {
        tools![look, pay].with_state_arc(self.clone())
    }

    fn counts(&self) -> (u32, u32) {
        (self.looks.load(SeqCst), self.payments.load(SeqCst))
    }
}

fn paying(id: &str) -> ContentBlock {
    Content::ToolCall(ToolCall::new(id, "pay", r#"{"whom":"Ann"}"#)).into()
}

/// The questions that are open, by the ids of their calls, and how many there were.
#[derive(Clone, Default)]
struct Questions {
    open: Arc<Mutex<BTreeMap<String, oneshot::Sender<Decision>>>>,
    asked: Arc<AtomicU32>,
}

impl Questions {
    async fn ask(self, call: PendingCall) -> Decision {
        let (answer, decision) = oneshot::channel();
        self.asked.fetch_add(1, SeqCst);
        self.open.lock().unwrap().insert(call.id().to_owned(), answer);
        decision.await.unwrap()
    }

    /// Whether somebody waited for it.
    fn answer(&self, id: &str, decision: Decision) -> bool {
        let question = self.open.lock().unwrap().remove(id);
        question.is_some_and(|question| question.send(decision).is_ok())
    }
}

fn asking(agent: Agent, questions: &Questions) -> Agent {
    let questions = questions.clone();
    agent.approve(move |call| questions.clone().ask(call))
}

/// openai/openai-agents-python#3004, openbraininstitute/neuroagent#22, langchain-ai/langgraph#6626: the
/// result of a call beside one that waited for approval was dropped, or the call was made again.
#[tokio::test(start_paused = true)]
async fn s18_a_call_that_ended_while_somebody_was_asked_is_not_made_again() {
    let runs = Arc::new(Runs::default());
    let model = ScriptedModel::new()
        .turn(|_| Response::new().call("look", "{}").block(paying("p")))
        .turn(|request| {
            let results = request.results();
            assert_eq!((results[0].text(), results[1].status()), ("0", NotRun));
            Response::new().block(paying("q"))
        })
        .turn(|request| Response::new().with_text(request.results()[0].text()));
    let agent = Agent::new(model).tools(runs.tools());
    let mut chat = asking(agent.clone(), &Questions::default()).conversation(Transcript::default());
    timeout(ms(60_000), chat.send("go")).await.unwrap_err();
    assert_eq!(statuses(chat.transcript()), [Completed, NotRun]);

    let history: Transcript = serde_json::from_str(&saved(chat.transcript())).unwrap();
    let agent = agent.approve(|_| async { Decision::Allow });
    let outcome = agent.conversation(history).resume().await.unwrap();
    assert_eq!(outcome.text(), "paid Ann");
    assert_eq!(runs.counts(), (1, 1));
}

/// mastra-ai/mastra#19435: of several approvals only the first could be answered, or another call ran.
#[tokio::test(start_paused = true)]
async fn s19_several_questions_are_answered_in_any_order_each_for_its_own_call() {
    let runs = Arc::new(Runs::default());
    let names = ["Ann", "Bob", "Cid"];
    let response = names.iter().fold(Response::new(), |response, whom| {
        response.call("pay", json!({ "whom": whom }).to_string())
    });
    let questions = Questions::default();
    let agent = asking(Agent::new(once(response)).tools(runs.tools()), &questions);
    let human = async {
        sleep(ms(100)).await;
        assert_eq!(questions.asked.load(SeqCst), 3);
        assert!(questions.answer("call_3", Decision::Allow));
        sleep(ms(100)).await;
        assert!(questions.answer("call_1", Decision::deny("not Ann")));
        sleep(ms(100)).await;
        assert!(questions.answer("call_2", Decision::Allow));
    };
    let (outcome, ()) = tokio::join!(agent.run("go"), human);
    let outcome = outcome.unwrap();
    assert_eq!(texts(outcome.transcript()), ["denied: not Ann", "paid Bob", "paid Cid"]);
    let timeline = outcome.timeline();
    let ends: Vec<_> = timeline.calls().iter().map(|call| call.ended).collect();
    assert_eq!(ends, [200, 310, 110].map(ms));
    assert_eq!(runs.counts(), (0, 2));
}

/// vercel/ai, changes of 6.0: the answer arrived twice, and the tool ran twice.
#[tokio::test(start_paused = true)]
async fn s20_an_answer_that_arrives_twice_is_used_once() {
    let runs = Arc::new(Runs::default());
    // The same call with the same id again.
    let model = ScriptedModel::new()
        .turn(|_| Response::new().block(paying("p")))
        .turn(|_| Response::new().block(paying("p")))
        .turn(|_| Response::new().with_text("done"));
    let questions = Questions::default();
    let agent = asking(Agent::new(model).tools(runs.tools()), &questions);
    let human = async {
        sleep(ms(100)).await;
        assert!(questions.answer("p", Decision::Allow));
        assert!(!questions.answer("p", Decision::Allow), "nobody waits for it any more");
        sleep(ms(100)).await;
        assert_eq!((runs.counts(), questions.asked.load(SeqCst)), ((0, 1), 2));
        assert!(questions.answer("p", Decision::deny("once is enough")));
    };
    let (outcome, ()) = tokio::join!(agent.run("go"), human);
    let outcome = outcome.unwrap();
    assert_eq!(texts(outcome.transcript()), ["paid Ann", "denied: once is enough"]);
    assert_eq!(runs.counts(), (0, 1));
}

/// vercel/ai 942f2f8: a client sent a history with a call that it said was approved.
#[tokio::test(start_paused = true)]
async fn s21_no_history_brings_an_approved_call_with_it() {
    let runs = Arc::new(Runs::default());
    let model = ScriptedModel::new()
        .turn(|_| Response::new().block(paying("p")))
        .turn(|_| Response::new().with_text("paid"))
        .turn(|_| Response::new().block(paying("p")))
        .turn(|request| Response::new().with_text(request.results()[0].text()));
    let agent = Agent::new(model).tools(runs.tools());
    let allowed = agent.clone().approve(|_| async { Decision::Allow });
    let honest = saved(allowed.run("go").await.unwrap().transcript());
    assert_eq!(runs.counts(), (0, 1));

    // Without the result, so that the call is still to be made.
    let mut open: Value = serde_json::from_str(&honest).unwrap();
    open["messages"].as_array_mut().unwrap().truncate(2);
    let error = serde_json::from_str::<Transcript>(&open.to_string()).unwrap_err().to_string();
    assert!(error.contains("have no results"), "{error}");

    // What was allowed before says nothing about the next call, be it the same to the letter.
    let history: Transcript = serde_json::from_str(&honest).unwrap();
    let agent = agent.approve(|_| async { Decision::deny("who says so?") });
    let outcome = agent.conversation(history).send("again").await.unwrap();
    assert_eq!(outcome.text(), "denied: who says so?");
    assert_eq!(runs.counts(), (0, 1));
}
