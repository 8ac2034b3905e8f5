//! A streamed answer is the same as the whole one.

use agent_core::{Response, StopReason};
use futures::stream;
use serde_json::{Value, json};

use super::source::{
    Answer, delta, event, events, input_delta, message, message_end, message_start, piece, start,
    stop, taken, taken_whole, text_delta, tool_use,
};

/// A block, and the events in which it comes.
#[allow(clippy::too_many_lines, reason = "a table")]
fn blocks() -> Vec<(Value, Vec<Value>)> {
    let add = |kind: &str, name: &str, value: Value| {
        let mut add = json!({"type": kind});
        add[name] = value;
        delta(0, &add)
    };
    let citation = |at: u64| json!({"cited_text": "\"é\"", "document_index": at, "weight": 0.50});
    let spoken = "Über \"ihn\" \\ \u{1f600}\u{7f}\n\t\u{2028}.";
    let thinking = json!({"type": "thinking", "thinking": "", "signature": ""});
    let thought = json!({"type": "thinking", "thinking": "Hm. So.", "signature": "c2ln"});
    let input = json!({"path": "a.md", "n": 1.50, "list": [1, {"x": null}], "text": "a\n\"b\""});
    let call = |input: &Value| {
        let mut call = tool_use("toolu_1", "look");
        call["caller"] = json!({"type": "direct"});
        call["input"] = input.clone();
        call
    };
    let search = |input: Value| json!({"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": input});
    let result =
        json!({"type": "web_search_tool_result", "content": [{"encrypted": "A+/=", "n": 2.50}]});
    let text = input.to_string();
    vec![
        (
            json!({"type": "text", "text": spoken}),
            vec![
                start(0, &json!({"type": "text", "text": ""})),
                text_delta(0, "Über"),
                text_delta(0, ""),
                text_delta(0, &spoken[5..]),
            ],
        ),
        (
            json!({"type": "text", "text": "ab", "citations": [citation(1), citation(2)]}),
            vec![
                start(0, &json!({"type": "text", "text": "a", "citations": [citation(1)]})),
                add("citations_delta", "citation", citation(2)),
                text_delta(0, "b"),
            ],
        ),
        (
            thought,
            vec![
                start(0, &thinking),
                add("thinking_delta", "thinking", json!("Hm. ")),
                add("thinking_delta", "thinking", json!("So.")),
                // It is set, and not continued.
                add("signature_delta", "signature", json!("not yet")),
                add("signature_delta", "signature", json!("c2ln")),
            ],
        ),
        (
            json!({"type": "redacted_thinking", "data": "A+/="}),
            vec![start(0, &json!({"type": "redacted_thinking", "data": "A+/="}))],
        ),
        (
            call(&input),
            vec![
                start(0, &call(&json!({}))),
                input_delta(0, &text[..9]),
                input_delta(0, &text[9..]),
            ],
        ),
        (call(&json!({})), vec![start(0, &call(&json!({}))), input_delta(0, "")]),
        (call(&json!({})), vec![start(0, &call(&json!({}))), input_delta(0, " ")]),
        (call(&input), vec![start(0, &call(&input))]),
        (call(&json!([1])), vec![start(0, &call(&json!({}))), input_delta(0, "[1]")]),
        (call(&json!(null)), vec![start(0, &call(&json!({}))), input_delta(0, "null")]),
        (
            search(json!({"query": "x"})),
            vec![start(0, &search(json!({}))), input_delta(0, "{\"query\":\"x\"}")],
        ),
        (result.clone(), vec![start(0, &result)]),
        (
            json!({"type": "compaction", "content": "All so far.", "n": 2}),
            vec![
                start(0, &json!({"type": "compaction", "content": null, "n": 1})),
                delta(0, &json!({"type": "compaction_delta", "content": "All so ", "n": 2})),
                delta(0, &json!({"type": "compaction_delta", "content": "far."})),
            ],
        ),
    ]
}

fn spelled(response: &Response) -> Vec<&str> {
    response.blocks().iter().map(|block| block.raw().unwrap().get()).collect()
}

async fn whole(block: &Value, reason: &str) -> Response {
    let usage = json!({"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 42});
    let body = json!({"content": [block], "model": "claude-that-answers", "stop_reason": reason, "usage": usage});
    let json = [("content-type", "application/json")];
    let answer = Answer::new(&json, stream::iter([piece(body.to_string().as_bytes())]));
    taken(answer).await.response.unwrap()
}

#[tokio::test]
async fn a_streamed_block_is_the_whole_one() {
    for (block, mut comes) in blocks() {
        comes.push(stop(0));
        let streamed = taken_whole(message(comes, "tool_use")).await.response.unwrap();
        let whole = whole(&block, "tool_use").await;
        assert_eq!(streamed, whole, "{block}");
        assert_eq!(spelled(&streamed), [block.to_string()]);
    }
}

/// What is opaque stays as it is spelled, and so does the place of each member.
#[tokio::test]
async fn a_block_keeps_the_spelling_with_which_it_began() {
    let begin =
        r#"{ "x" : 1.50e3 , "signature":"","thinking":"","type":"thinking", "é\u00e9" : [ 1 ] }"#;
    let begin =
        format!(r#"data: {{"type":"content_block_start","index":0,"content_block":{begin}}}"#);
    let more = [
        delta(0, &json!({"type": "thinking_delta", "thinking": "Hm"})),
        delta(0, &json!({"type": "signature_delta", "signature": "s"})),
        stop(0),
    ];
    let [before, after] = [&[message_start()][..], &more].map(events);
    let body = format!("{before}{begin}\n\n{after}{}", events(&message_end("end_turn")));
    let response = taken_whole(body).await.response.unwrap();
    let expected = r#"{"x":1.50e3,"signature":"s","thinking":"Hm","type":"thinking","éé":[ 1 ]}"#;
    assert_eq!(spelled(&response), [expected]);
}

#[tokio::test]
async fn an_input_that_is_no_json_stays_the_input_of_its_call() {
    for input in ["{\"path\": \"a", "x", "{} {}", "1, \"name\": \"other\"", "}", "{\"a\":1}}"] {
        let call = [start(0, &tool_use("toolu_1", "look")), input_delta(0, input), stop(0)];
        let came = taken_whole(message(call, "tool_use")).await;
        let response = came.response();
        let [call] = response.calls().collect::<Vec<_>>()[..] else { panic!("{response:?}") };
        assert_eq!((call.id(), call.name(), call.arguments()), ("toolu_1", "look", input));
        assert_eq!(came.complete(), [call]);
        assert!(response.blocks()[0].raw().is_none(), "it is no JSON of the API");
    }
}

#[tokio::test]
async fn what_is_said_later_of_tokens_counts() {
    let start_usage = json!({"input_tokens": 10, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 3, "output_tokens": 1});
    let mut begin = message_start();
    begin["message"]["usage"] = start_usage;
    let usage = |usage: Value| json!({"type": "message_delta", "delta": {}, "usage": usage});
    let all = [
        begin,
        usage(json!({"output_tokens": 7})),
        usage(json!({"input_tokens": 20, "cache_read_input_tokens": null, "output_tokens": 9,
            "output_tokens_details": {"thinking_tokens": 4}})),
        json!({"type": "message_delta", "delta": {"stop_reason": "refusal",
            "stop_details": {"category": "x", "explanation": "No."}}}),
        json!({"type": "message_stop"}),
    ];
    let response = taken_whole(events(&all)).await.response.unwrap();
    let usage = response.usage();
    assert_eq!((usage.input_tokens, usage.output_tokens), (20 + 5 + 3, 9));
    assert_eq!(
        (usage.cache_read_tokens, usage.cache_write_tokens, usage.reasoning_tokens),
        (5, 3, 4)
    );
    assert_eq!(*response.stop_reason(), StopReason::Refusal);
    let origin = response.origin().unwrap();
    assert_eq!((&*origin.asked, &*origin.model), ("claude-of-the-test", "claude-that-answers"));
    assert_eq!(origin.stop_details.as_deref(), Some("x: No."));
    assert_eq!(origin.request_id.as_deref(), Some("req_1"));
}

#[tokio::test]
async fn a_message_may_end_without_a_reason() {
    let all = [message_start(), json!({"type": "message_stop"})];
    let response = taken_whole(events(&all)).await.response.unwrap();
    assert_eq!(*response.stop_reason(), StopReason::Other("none".into()));
    assert_eq!(event(&all[1]), "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}
