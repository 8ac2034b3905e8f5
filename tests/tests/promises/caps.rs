//! Caps hold for what they cap and for the refusals too.

use agent_core::CallStatus::{Completed, NotRun};
use agent_core::{Agent, Content, Limits, Outcome, Response, ToolCall, tool, tools};
use agent_tests::support::{once, statuses, texts};

/// Repeat a letter.
#[tool(pure)]
async fn repeat(times: usize) -> String {
    "x".repeat(times)
}

fn calls(count: usize, name: &str, arguments: &str) -> Response {
    (0..count).fold(Response::new(), |response, n| {
        let call = ToolCall::new(format!("c{n}"), name, arguments);
        response.block(Content::ToolCall(call).into())
    })
}

fn bytes(outcome: &Outcome) -> usize {
    texts(outcome.transcript()).iter().map(|text| text.len()).sum()
}

async fn run(response: Response) -> Outcome {
    Agent::new(once(response)).tools(tools![repeat]).run("go").await.unwrap()
}

/// Row 11: "100,000 calls in a response: 2.7 MB of refusals over a 1 MiB cap, and all results, also good
/// ones, cut to a note".
#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_calls_stay_within_the_cap_and_keep_the_good_results() {
    let outcome = run(calls(100_000, "repeat", r#"{"times":100}"#)).await;
    let (limits, good) = (Limits::default(), "x".repeat(100));
    let transcript = outcome.transcript();
    assert_eq!(transcript.results().count(), 100_000);
    assert!(statuses(transcript)[..limits.calls()].iter().all(|status| *status == Completed));
    assert!(statuses(transcript)[limits.calls()..].iter().all(|status| *status == NotRun));
    assert!(texts(transcript)[..limits.calls()].iter().all(|text| *text == good));
    assert!(bytes(&outcome) <= limits.turn_output_bytes(), "{} bytes", bytes(&outcome));
}

/// Row 11: "results of calls that ran are cut last", here where they are as large as all may be together.
#[tokio::test(start_paused = true)]
async fn large_results_are_cut_no_more_than_the_refusals_need() {
    let outcome = run(calls(20_000, "repeat", r#"{"times":7000}"#)).await;
    let limits = Limits::default();
    let texts = texts(outcome.transcript());
    assert!(bytes(&outcome) <= limits.turn_output_bytes(), "{} bytes", bytes(&outcome));
    assert!(
        texts[..limits.calls()].iter().all(|text| text.starts_with("xxxx") && text.len() > 1000)
    );
    assert!(
        texts.iter().all(|text| !text.is_empty()),
        "each call has a result that says something"
    );
}

/// Row 11, for refusals of another kind: tools that do not exist, with long names, and arguments that do
/// not fit.
#[tokio::test(start_paused = true)]
async fn refusals_of_every_kind_stay_within_the_cap() {
    let limits = Limits::default().with_calls(50_000);
    let wrong = r#"{"tims":1,"mites":2,"stime":3}"#;
    for response in [
        calls(50_000, "repeated", "{}"),
        calls(50_000, &"no_such_tool".repeat(20), "{}"),
        calls(50_000, "repeat", wrong),
        calls(50_000, "repeat", "{"),
    ] {
        let agent = Agent::new(once(response)).tools(tools![repeat]).limits(limits.clone());
        let outcome = agent.run("go").await.unwrap();
        assert_eq!(outcome.transcript().results().count(), 50_000);
        assert!(bytes(&outcome) <= limits.turn_output_bytes(), "{} bytes", bytes(&outcome));
    }
}
