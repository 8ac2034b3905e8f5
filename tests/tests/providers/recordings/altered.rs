//! Recorded answers with something unknown, wrong or missing in them.

use agent_core::{Content, ModelErrorKind as Kind, RunEnd, StopReason};
use serde_json::Value;
use std::collections::HashSet;

use super::exchanges::{
    Results, Served, agent, blocks, done, first_response, folder, list, messages, model_error, ok,
    run, say, some_request, spelled, text, view, whole,
};
use super::mutations;

/// Whether the API would take these messages: each call has its result, and both are spelled well.
fn check_pairs(body: &str, what: &str) {
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    };
    let body: Value = serde_json::from_str(body).unwrap();
    let messages = list(&body["messages"]);
    for (at, message) in messages.iter().enumerate() {
        let blocks = list(&message["content"]);
        let of = |kind, name| {
            let blocks = blocks.iter().filter(move |block| block["type"] == kind);
            blocks.map(|block| text(&block[name]).to_owned()).collect::<Vec<_>>()
        };
        let calls = of("tool_use", "id");
        assert_eq!(calls.iter().collect::<HashSet<_>>().len(), calls.len(), "{what}: {message}");
        for call in blocks.iter().filter(|block| block["type"] == "tool_use") {
            assert!(plain(text(&call["id"])) && plain(text(&call["name"])), "{what}: {call}");
            assert!(call["input"].is_object(), "{what}: {call}");
        }
        let next = messages.get(at + 1).map(|next| list(&next["content"])).unwrap_or_default();
        let results = next.iter().filter(|block| block["type"] == "tool_result");
        let results: Vec<_> = results.map(|block| text(&block["tool_use_id"])).collect();
        assert_eq!(results, calls, "{what}: {message}");
        assert!(!blocks.is_empty(), "{what}");
    }
}

/// Reads an odd answer; all of it is kept, and what goes back can be taken.
async fn check_odd(what: &str, body: &str) {
    let (ended, served) = run(&some_request(), ok(body)).await;
    let outcome = ended.unwrap_or_else(|error| panic!("{what}: {error}"));
    let response = first_response(outcome.transcript());
    let came = blocks(body);
    assert_eq!(response.blocks().len(), came.len(), "{what}");
    let mut ids = HashSet::new();
    for (block, came) in response.blocks().iter().zip(&came) {
        match (block.content(), view(came)) {
            // A call that cannot be answered by its id gets another one, and has no raw form then.
            (Content::ToolCall(ours), Content::ToolCall(its))
                if its.id().is_empty() || !ids.insert(its.id().to_owned()) =>
            {
                assert!(block.raw().is_none() && !ours.id().is_empty(), "{what}");
                assert_eq!((ours.name(), ours.arguments()), (its.name(), its.arguments()));
            }
            (ours, its) => {
                assert_eq!(*ours, its, "{what}");
                assert_eq!(block.raw().unwrap().get(), came.get(), "{what}");
            }
        }
    }
    let sent = served.bodies();
    let goes_on = *response.stop_reason() == StopReason::ToolUse && response.calls().count() > 0;
    assert_eq!(sent.len(), if goes_on { 2 } else { 1 }, "{what}");
    for sent in &sent {
        check_pairs(sent, what);
    }
    // Also where the conversation goes on without calls.
    let again = Served::new([done()]);
    let agent = agent(&some_request(), &Results::default(), &again).unwrap();
    agent.conversation(outcome.into_transcript()).send("Go on").await.unwrap();
    check_pairs(&again.bodies()[0], what);
}

#[tokio::test]
async fn an_answer_with_unknown_and_ill_typed_things_is_read_and_kept() {
    let Some(folder) = folder("an_answer_with_unknown_and_ill_typed_things_is_read_and_kept")
    else {
        return;
    };
    let mut count = 0;
    for recording in whole(&folder, true) {
        for mutation in mutations::odd(&recording.response.body_text) {
            check_odd(&format!("{}: {}", recording.name, mutation.what), &mutation.body).await;
            count += 1;
        }
    }
    say(&format!("recordings: {count} odd answers are read, and nothing of them is lost"));
}

#[tokio::test]
async fn a_deeply_nested_block_is_kept() {
    const DEPTH: usize = 100_000;
    let deep = format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    let block = format!(r#"{{"type":"nest","eggs":{deep}}}"#);
    let call = format!(r#"{{"type":"tool_use","id":"a","name":"b","input":{{"eggs":{deep}}}}}"#);
    let body = format!(r#"{{"content":[{block},{call}],"stop_reason":"tool_use"}}"#);
    let (ended, served) = run(&some_request(), ok(body)).await;
    assert_eq!(*ended.unwrap().end(), RunEnd::Done);
    let sent = served.bodies();
    assert_eq!(spelled(&blocks(messages(&sent[1])[1].get())), [block, call]);
}

#[tokio::test]
async fn a_call_without_input_goes_back_with_an_empty_one() {
    for input in ["", r#","input":null"#] {
        let call = format!(r#"{{"type":"tool_use","id":"a","name":"b"{input}}}"#);
        let (ended, served) =
            run(&some_request(), ok(format!(r#"{{"content":[{call}],"stop_reason":"tool_use"}}"#)))
                .await;
        let outcome = ended.unwrap();
        let kept = first_response(outcome.transcript()).blocks()[0].raw().unwrap();
        assert_eq!(kept.get(), call);
        let sent = served.bodies();
        let sent = blocks(messages(&sent[1])[1].get())[0].get();
        assert_eq!(sent, r#"{"type":"tool_use","id":"a","name":"b","input":{}}"#);
    }
}

async fn check_unreadable(what: &str, body: &str) {
    let (ended, served) = run(&some_request(), ok(body)).await;
    let Err(error) = ended else { panic!("{what}: it was read") };
    let error = model_error(&error);
    assert_eq!((error.kind(), error.status()), (Kind::Unreadable, Some(200)), "{what}: {error}");
    assert_eq!(served.asked().len(), 1, "{what}");
}

#[tokio::test]
async fn an_answer_that_holds_no_response_or_ends_early_is_unreadable() {
    let Some(folder) = folder("an_answer_that_holds_no_response_or_ends_early_is_unreadable")
    else {
        return;
    };
    let (mut cut, mut broken) = (0, 0);
    for recording in whole(&folder, true) {
        let body = &recording.response.body_text;
        for mutation in mutations::broken(body) {
            check_unreadable(&mutation.what, &mutation.body).await;
            broken += 1;
        }
        let ends = 0..body.trim_end().len();
        for end in ends.filter(|end| body.is_char_boundary(*end)) {
            check_unreadable(&format!("{} until {end}", recording.name), &body[..end]).await;
            cut += 1;
        }
    }
    say(&format!("recordings: {cut} answers cut at every byte and {broken} others are unreadable"));
}

#[tokio::test]
async fn an_answer_with_a_wrong_byte_is_read_or_unreadable() {
    const BYTES: [u8; 8] = *b"\"}],\\x0\0";
    let Some(folder) = folder("an_answer_with_a_wrong_byte_is_read_or_unreadable") else { return };
    let (mut fine, mut unreadable) = (0, 0);
    for recording in whole(&folder, true) {
        for at in 0..recording.response.body_text.len() {
            let mut bytes = recording.response.body_text.clone().into_bytes();
            bytes[at] = BYTES[at % BYTES.len()];
            let Ok(body) = String::from_utf8(bytes) else { continue };
            let (ended, served) = run(&some_request(), ok(body)).await;
            let what = format!("{} at {at}", recording.name);
            match ended {
                Ok(_) => fine += 1,
                Err(error) => {
                    assert_eq!(model_error(&error).kind(), Kind::Unreadable, "{what}");
                    unreadable += 1;
                }
            }
            for sent in served.bodies() {
                check_pairs(&sent, &what);
            }
        }
    }
    assert!(fine > 0 && unreadable > 0);
    say(&format!("recordings: with a wrong byte {fine} answers are read, {unreadable} are not"));
}
