//! What we send in the place of the recorded clients.

use agent_core::ToolsetError;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::differences::{DIFFERENCES, level};
use super::exchanges::{
    Answer, Recording, Results, Served, agent, blocks, done, first_words, folder, messages, ok,
    recordings, results, say, spelled, text,
};

/// The recorded requests by conversation, in order.
fn conversations(folder: &Path) -> BTreeMap<String, Vec<Recording>> {
    let mut conversations = BTreeMap::<_, Vec<_>>::new();
    for recording in recordings(folder).into_iter().filter(|it| it.request.is_some()) {
        let (conversation, step) = recording.step();
        let steps = conversations.entry(conversation.to_owned()).or_default();
        assert_eq!(steps.len() + 1, step, "{}", recording.name);
        steps.push(recording);
    }
    conversations
}

/// The answers of a conversation as they were recorded, streams among them.
fn recorded(steps: &[Recording]) -> Vec<Answer> {
    steps.iter().map(|step| step.response.clone()).collect()
}

/// The answers of a conversation. A stream is turned into what the next request says that it said.
fn answers(steps: &[Recording]) -> Vec<Answer> {
    let next = steps.iter().skip(1).map(Some).chain([None]);
    let answers = steps.iter().zip(next).map(|(step, next)| match (step.stream, next) {
        (false, _) => step.response.clone(),
        (true, None) => done(),
        (true, Some(next)) => {
            let asked = step.request.as_ref().unwrap().body.get();
            let body = next.request.as_ref().unwrap().body.get();
            let turn = messages(body)[messages(asked).len()];
            as_answer(&spelled(&blocks(turn.get())), next.asked()["model"].as_str().unwrap())
        }
    });
    answers.collect()
}

fn as_answer(blocks: &[String], model: &str) -> Answer {
    let is_call =
        |block: &String| serde_json::from_str::<Value>(block).unwrap()["type"] == "tool_use";
    let reason = if blocks.iter().any(is_call) { "tool_use" } else { "pause_turn" };
    let content = blocks.join(",\n");
    ok(format!(r#"{{"content":[{content}],"model":"{model}","stop_reason":"{reason}"}}"#))
}

/// A conversation with the recorded answers and results; what was sent.
async fn converse(steps: &[Recording], answers: Vec<Answer>) -> Result<Arc<Served>, ToolsetError> {
    let asked = steps[0].asked();
    let recorded = steps.iter().flat_map(|step| results(&step.asked())).collect();
    let is_error = answers.iter().any(|answer| answer.status != 200);
    let served = Served::new(answers.into_iter().chain([done()]));
    let ended = agent(&asked, &Arc::new(recorded), &served)?.run(first_words(&asked)).await;
    assert_eq!(ended.is_err(), is_error, "{ended:?}");
    Ok(served)
}

#[tokio::test]
async fn what_we_send_is_what_was_recorded() {
    let Some(folder) = folder("what_we_send_is_what_was_recorded") else { return };
    let (mut same, mut refused) = (0, Vec::new());
    let mut needed = [0; DIFFERENCES.len()];
    for (name, steps) in conversations(&folder) {
        // Other clients have said what a stream says, and ours are judged by it.
        let Ok(served) = converse(&steps, recorded(&steps)).await else {
            refused.push(name);
            continue;
        };
        let sent = served.asked();
        assert!(sent.len() >= steps.len(), "{name}: {} requests", sent.len());
        for (step, sent) in steps.iter().zip(sent) {
            let recorded = step.request.as_ref().unwrap();
            let path = recorded.path.split('?').next();
            assert_eq!((sent.method().as_str(), Some(sent.uri().path())), ("POST", path));
            assert_eq!(sent.headers()["content-type"], recorded.headers["content-type"]);

            let (asked, sent) = (step.asked(), serde_json::from_slice(sent.body()).unwrap());
            let pair = |without| [level(&asked, without), level(&sent, without)];
            let [expected, ours] = pair(None);
            assert_eq!(ours, expected, "{}", step.name);
            for (at, needed) in needed.iter_mut().enumerate() {
                let [expected, ours] = pair(Some(at));
                *needed += usize::from(ours != expected);
            }
            same += 1;
        }
    }
    // A schema that the API refuses is refused before it is sent.
    assert_eq!(refused, ["anthropic-strict-root-anyof-refused"]);
    let recorded = recordings(&folder).iter().filter(|it| it.request.is_some()).count();
    assert_eq!(same + refused.len(), recorded);
    say(&format!("recordings: {same} of {recorded} requests are sent again, 1 is refused before"));
    for (difference, needed) in DIFFERENCES.iter().zip(needed) {
        say(&format!("recordings: allowed difference in {needed} requests: {}", difference.why));
        assert!(needed > 0, "{}: no difference", difference.why);
    }
}

#[tokio::test]
async fn what_came_goes_back_byte_for_byte() {
    let Some(folder) = folder("what_came_goes_back_byte_for_byte") else { return };
    let mut kinds = BTreeMap::<String, usize>::new();
    for (name, steps) in conversations(&folder) {
        let answers = answers(&steps);
        let Ok(served) = converse(&steps, answers.clone()).await else { continue };
        let sent = served.bodies();
        for ((asked, next), answer) in sent.iter().zip(&sent[1..]).zip(answers) {
            let kept = asked.strip_suffix("]}").unwrap();
            assert!(next.starts_with(kept), "{name}: the request begins as the one before");
            let turn = messages(next)[messages(asked).len()];
            let came = blocks(&answer.body_text);
            assert_eq!(spelled(&blocks(turn.get())), spelled(&came), "{name}");
            for block in came {
                let block: Value = serde_json::from_str(block.get()).unwrap();
                *kinds.entry(text(&block["type"]).to_owned()).or_default() += 1;
            }
        }
    }
    say(&format!("recordings: sent back byte for byte: {kinds:?}"));
    let searches = ["server_tool_use", "web_search_tool_result"].map(|kind| kinds[kind]);
    assert_eq!(searches, [11, 10], "the last search of the paused turn has no result yet");
    assert!(["text", "thinking", "tool_use"].iter().all(|kind| kinds[*kind] > 0));
}

#[tokio::test]
async fn hidden_thoughts_go_back_byte_for_byte_also_from_a_saved_transcript() {
    #[derive(Deserialize)]
    struct Started {
        content_block: Box<RawValue>,
    }
    let Some(folder) = folder("hidden_thoughts_go_back_byte_for_byte_also_from_a_saved_transcript")
    else {
        return;
    };
    let recordings = recordings(&folder);
    let recording = recordings.iter().find(|it| it.name == "anthropic-redacted-stream").unwrap();
    let lines = recording.response.body_text.lines();
    let started = lines.filter_map(|line| {
        let Started { content_block } = serde_json::from_str(line.strip_prefix("data:")?).ok()?;
        Some(content_block.get().to_owned())
    });
    // Such a block comes whole with its start.
    let hidden = started.filter(|block| block.contains("redacted_thinking"));
    let came: Vec<_> = hidden.chain([r#"{"type":"text", "text":"Hm."}"#.to_owned()]).collect();
    assert_eq!(came.len(), 3);

    let asked = recording.asked();
    let model = text(&asked["model"]);
    let answer = ok(as_answer(&came, model).body_text.replace("pause_turn", "end_turn"));
    let served = Served::new([answer, done()]);
    let agent = agent(&asked, &Results::default(), &served).unwrap();
    let outcome = agent.run(first_words(&asked)).await.unwrap();
    let saved = serde_json::to_string(outcome.transcript()).unwrap();
    let mut chat = agent.conversation(serde_json::from_str(&saved).unwrap());
    chat.send("Go on").await.unwrap();
    let sent = served.bodies();
    assert_eq!(spelled(&blocks(messages(&sent[1])[1].get())), came);
}
