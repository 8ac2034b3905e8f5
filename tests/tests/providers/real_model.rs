//! A real model, served by whatever speaks the Messages API at the address in `AGENT_REAL_MODEL`.
//! `AGENT_REAL_MODEL_NAME` names it there, where the server wants the right name.
//!
//! A small one does: the question is one that it answers with two calls.

use agent_core::providers::Anthropic;
use agent_core::{Agent, CallStatus, RunEnd, ToolCall, tool, tools};
use agent_tests::support::statuses;
use std::env;
use std::io::Write;

/// Get the current weather of a city
#[tool(read, inline)]
fn get_weather(city: &str) -> String {
    format!("{city}: 21 C, cloudy")
}

#[tokio::test]
async fn a_real_model_makes_two_calls_and_answers_by_their_results() {
    let Ok(url) = env::var("AGENT_REAL_MODEL") else {
        writeln!(std::io::stderr(), "skipped: real_model: AGENT_REAL_MODEL is not set").unwrap();
        return;
    };
    let name = env::var("AGENT_REAL_MODEL_NAME").unwrap_or_else(|_| "local".to_owned());
    let model = Anthropic::new(name, "no-key-is-needed").base_url(url).max_tokens(200);
    let agent = Agent::new(model).tools(tools![get_weather]).max_turns(4);
    let question = "What is the weather in Paris and what is the weather in Tokyo? \
                    Call the tool for both cities.";
    let outcome = agent.run(question).await.unwrap();
    let seen = format!("{}\n\n{}\n", outcome.text(), outcome.timeline());
    writeln!(std::io::stderr(), "{seen}").unwrap();

    assert_eq!((outcome.end(), outcome.timeline().turns().len()), (&RunEnd::Done, 2));
    let calls = outcome.transcript().responses().next().unwrap().calls();
    let arguments: Vec<String> = calls.map(ToolCall::arguments).map(without_blanks).collect();
    assert_eq!(arguments, [r#"{"city":"Paris"}"#, r#"{"city":"Tokyo"}"#]);
    assert_eq!(statuses(outcome.transcript()), [CallStatus::Completed; 2]);
    assert!(["Paris", "Tokyo", "21"].iter().all(|word| outcome.text().contains(word)), "{seen}");
    assert!(outcome.usage().input_tokens > 0 && outcome.usage().output_tokens > 0);
}

fn without_blanks(json: &str) -> String {
    json.split_whitespace().collect()
}
