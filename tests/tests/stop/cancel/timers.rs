//! Runtimes without a timer.

use agent_core::{Agent, RunErrorKind, Toolset, Transcript, tool, tools};
use std::time::Duration;
use tokio::runtime::Builder;

use agent_tests::support::diary::Diary;
use agent_tests::support::panics::{count_panics, panics};
use agent_tests::support::streamed::{Script, Streamed};

/// Wait for nothing.
#[tool(pure, inline)]
fn fast() -> u8 {
    2
}

fn without_a_timer<T>(what: impl Future<Output = T>) -> T {
    Builder::new_current_thread().build().unwrap().block_on(what)
}

#[test]
fn a_run_is_refused_without_a_timer_and_adds_nothing_to_its_chat() {
    count_panics();
    let diary = Diary::new();
    let model = Streamed::new([Script::new().calls("look 1").stalls()]);
    let agent = Agent::new(model.clone()).tools(diary.tools());
    without_a_timer(async {
        let mut chat = agent.conversation(Transcript::default());
        let run = chat.send("go").deadline(Duration::MAX);
        let error = run.cancel_on(std::future::ready(())).await.unwrap_err();
        assert!(matches!(error.kind(), RunErrorKind::NoTimer), "{error}");
        assert!(error.to_string().contains("`enable_time` or `enable_all`"), "{error}");
        assert_eq!(panics(), 1, "tokio's, where it is asked");
        assert_eq!(chat.transcript().messages().len(), 0);
        assert_eq!((model.asked(), diary.len()), (0, 0));
    });
}

#[test]
fn calls_of_no_run_go_without_a_timer() {
    count_panics();
    let result = without_a_timer(Toolset::from(tools![fast]).call("fast", "{}"));
    assert_eq!((result.text(), panics()), ("2", 0));
}
