//! The next request after a cancel, as a server gets it that was not written here: at the address in
//! `AGENT_MOCK_SERVER`, for judges that CI runs.

use agent_core::CallStatus::Interrupted;
use agent_core::providers::Anthropic;
use agent_core::transport::Http;
use agent_core::{Agent, Limits, RunEnd, Transcript, tool, tools};
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use tokio::time::sleep;

use agent_tests::support::{ms, saved, statuses};

/// An item by its number, some day.
#[tool(read)]
async fn fetch_item(id: u64) -> u64 {
    sleep(ms(60_000)).await;
    id
}

/// The model at that address, if there is one.
pub(crate) fn model(streaming: bool) -> Option<Anthropic> {
    let Ok(url) = std::env::var("AGENT_MOCK_SERVER") else {
        writeln!(std::io::stderr(), "skipped: halts: AGENT_MOCK_SERVER is not set").unwrap();
        return None;
    };
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let model = Anthropic::new("claude-mock", "a key").transport(Http::from(client));
    Some(model.base_url(url).streaming(streaming))
}

/// Words that have not been said to the server; it answers them with twenty calls, and then with a text.
pub(crate) fn words() -> String {
    format!("twenty-calls {:016x}", RandomState::new().hash_one(0))
}

#[tokio::test]
async fn a_conversation_that_was_cancelled_is_accepted_and_goes_on() {
    for streaming in [true, false] {
        let Some(model) = model(streaming) else { return };
        let agent = Agent::new(model).tools(tools![fetch_item]);
        let agent = agent.limits(Limits::default().with_grace(ms(10)));
        let words = words();
        let mut chat = agent.conversation(Transcript::default());
        let outcome = chat.send(words.clone()).cancel_on(sleep(ms(800))).await.unwrap();
        assert_eq!(outcome.end(), &RunEnd::Cancelled);
        assert_eq!(statuses(chat.transcript()), [Interrupted; 20]);
        saved(chat.transcript());
        // The server answers calls with a text, whatever their results say.
        let outcome = chat.send(format!("{words} again")).await.unwrap();
        assert_eq!(outcome.end(), &RunEnd::Done);
        assert!(!outcome.text().is_empty());
    }
}
