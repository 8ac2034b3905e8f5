//! Streams that no server should send: each is an error that says what is wrong, or what is odd in it
//! is left alone.

use agent_core::transport::Timeouts;
use agent_core::{Content, Limits, ModelErrorKind as Kind, StopReason};
use futures::stream;
use serde_json::{Value, json};

use super::source::{
    Answer, Came, Told, delta, event, events, input_delta, message, message_end, message_start,
    piece, start, stop, taken, taken_whole, taken_with, text_delta, tool_use,
};

fn text() -> Value {
    json!({"type": "text", "text": ""})
}

/// A message with these events, which is refused with this text.
async fn refused(inner: &[Value], why: &str) {
    let came = taken_whole(message(inner.to_vec(), "tool_use")).await;
    let error = came.response.unwrap_err();
    assert_eq!((error.kind(), error.status()), (Kind::Unreadable, Some(200)), "{why}");
    assert!(error.to_string().starts_with(&format!("the answer is malformed: {why}")), "{error}");
    assert!(!error.is_retryable() && error.body().is_some());
    assert_eq!(error.request_id(), Some("req_1"));
}

#[tokio::test]
async fn events_that_do_not_fit_are_refused() {
    let look = tool_use("toolu_1", "look");
    refused(&[message_start()], "it begins twice").await;
    refused(&[text_delta(0, "x")], "a block continues that has not begun").await;
    refused(&[stop(0)], "a block continues that has not begun").await;
    refused(&[start(0, &text()), text_delta(1, "x")], "a block continues that has not begun").await;
    refused(&[start(0, &text()), start(0, &look)], "a block begins twice").await;
    refused(&[start(1, &text()), stop(1), start(0, &look)], "a block begins twice").await;
    refused(&[start(0, &text()), stop(0), stop(0)], "a block ends twice").await;
    refused(&[start(0, &look), stop(0), input_delta(0, "1")], "a block continues after its end")
        .await;
    let ended = message_end("end_turn")[0].clone();
    refused(&[ended, start(0, &text())], "a block is outside of the message").await;

    let no = |name: &str| {
        let mut event = start(0, &text());
        event.as_object_mut().unwrap().remove(name);
        event
    };
    refused(&[no("index")], "a block has no index").await;
    refused(&[no("content_block")], "a block is missing").await;
    for index in [json!(-1), json!("0"), json!(null), json!(1.5), json!(1e300), json!([0])] {
        let mut event = start(0, &text());
        event["index"] = index;
        refused(&[event], "a block has no index").await;
    }
    let add = |kind: &str| delta(0, &json!({"type": kind, "text": 5, "partial_json": {}}));
    for (kind, why) in [
        ("text_delta", "a delta has no text"),
        ("input_json_delta", "a delta has no JSON"),
        ("thinking_delta", "a delta has no thinking"),
        ("signature_delta", "a delta has no signature"),
        ("citations_delta", "a delta has no citation"),
    ] {
        refused(&[start(0, &text()), add(kind)], why).await;
    }
    let kinds = [input_delta(0, "{}"), delta(0, &json!({"type": "new", "input": "x"}))];
    refused(
        &[start(0, &json!({"type": "new"})), kinds[0].clone(), kinds[1].clone()],
        "a member is of two kinds",
    )
    .await;
    let many: serde_json::Map<_, _> = (0..100).map(|at| (at.to_string(), json!(1))).collect();
    refused(
        &[start(0, &json!({"type": "new"})), delta(0, &json!(many))],
        "a block has too many members",
    )
    .await;
}

#[tokio::test]
async fn what_stands_before_a_message_is_refused() {
    let came = taken_whole(events(&[start(0, &text()), message_start()])).await;
    let error = came.response.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreadable);
    assert!(error.to_string().contains("a block is outside of the message"), "{error}");
}

#[tokio::test]
async fn data_that_is_no_object_is_refused() {
    for data in
        ["[1", "{", "x", "[]", "null", "1", "\"x\"", "{}{}", "{\"a\" 1}", "[DONE]", "\u{7f}"]
    {
        let came = taken_whole(format!("{}data: {data}\n\n", event(&message_start()))).await;
        let error = came.response.unwrap_err();
        assert_eq!(error.kind(), Kind::Unreadable, "{data}");
        assert!(error.to_string().contains("no JSON at line 1"), "{data}: {error}");
        assert_eq!(error.body(), Some(data));
    }
    let bytes = [event(&message_start()).as_bytes(), b"data: {\"type\": \"\xff\"}\n\n"].concat();
    let error = taken_whole(bytes).await.response.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreadable);
    assert!(error.to_string().contains("UTF-8"), "{error}");
}

/// Half of a surrogate pair is no text: nothing is made up for it.
#[tokio::test]
async fn half_a_character_is_refused() {
    let lone = event(&text_delta(0, "LONE")).replace("LONE", "\\ud83d");
    let body = format!("{}{lone}", events(&[message_start(), start(0, &text())]));
    assert_eq!(taken_whole(body).await.kind(), Kind::Unreadable);
}

#[tokio::test]
async fn what_is_not_known_is_left_alone() {
    let odd = [
        json!({"type": "from_the_future", "index": {}, "delta": [1], "error": 5}),
        json!({"no": "type"}),
        json!({}),
        json!({"type": null, "delta": null}),
        json!({"type": ["list"]}),
        json!({"type": "ping", "index": "x"}),
        json!({"type": "message_delta"}),
        json!({"type": "message_delta", "delta": 5, "usage": "none"}),
        json!({"type": "message_delta", "delta": {"stop_reason": null}, "usage": {"output_tokens": "x"}}),
    ];
    for event in &odd {
        let inner = [event.clone(), start(0, &text()), event.clone(), text_delta(0, "x")];
        let came =
            taken_whole(message([&inner[..], &[event.clone(), stop(0)]].concat(), "end_turn"));
        let came = came.await;
        assert_eq!((came.response().text(), came.told.len()), ("x".to_owned(), 1), "{event}");
        assert_eq!(came.response().usage().output_tokens, 42);
    }
    // Deltas too, of which a block that is known needs none.
    let strange = [json!({"type": "new", "text": 5}), json!({"text": "y"}), json!({"type": 5})];
    for strange in strange {
        let inner = [start(0, &text()), text_delta(0, "x"), delta(0, &strange), stop(0)];
        let came = taken_whole(message(inner, "end_turn")).await;
        assert_eq!(came.response().text(), "x", "{strange}");
    }
    // And blocks, which go back as they came.
    let blocks = [
        json!(5),
        json!(null),
        json!([]),
        json!({}),
        json!({"type": 5}),
        json!({"type": "new", "n": 1}),
    ];
    for block in blocks {
        let came = taken_whole(message([start(0, &block), stop(0)], "end_turn")).await;
        if block.is_null() {
            assert_eq!(came.kind(), Kind::Unreadable);
            continue;
        }
        let [its] = came.response().blocks() else { panic!("{came:?}") };
        assert_eq!(
            (its.content(), its.raw().unwrap().get()),
            (&Content::Opaque, &*block.to_string())
        );
    }
}

#[tokio::test]
async fn a_text_with_pieces_of_an_input_stays_a_text() {
    let inner = [start(0, &text()), text_delta(0, "Hello"), input_delta(0, ","), stop(0)];
    let response = taken_whole(message(inner.to_vec(), "end_turn")).await.response.unwrap();
    assert_eq!(response.text(), "Hello");
}

#[tokio::test]
async fn numbers_of_blocks_may_leave_some_out() {
    let inner = [start(3, &text()), start(7, &text()), text_delta(7, "b"), text_delta(3, "a")];
    let came = taken_whole(message(inner, "end_turn")).await;
    assert_eq!(came.response().text(), "ab");
}

/// Whoever hears of a call that is complete has heard of those before it.
#[tokio::test]
async fn a_call_that_is_open_holds_back_those_after_it() {
    let calls =
        [tool_use("toolu_1", "look"), tool_use("toolu_2", "look"), tool_use("toolu_3", "x")];
    let inner =
        [start(0, &calls[0]), start(1, &calls[1]), stop(1), start(2, &calls[2]), stop(0), stop(2)];
    let came = taken_whole(message(inner.clone(), "tool_use")).await;
    let ids: Vec<_> = came.complete().iter().map(|call| call.id()).collect();
    assert_eq!(ids, ["toolu_1", "toolu_2", "toolu_3"]);
    assert!(matches!(came.told[2], Told::Call(..)), "{:?}", came.told);
    // What it lost is not known: it is no call without arguments.
    let came = taken_whole(message(inner[..5].to_vec(), "tool_use")).await;
    assert_eq!((came.kind(), came.complete().len()), (Kind::Connection, 2));
    // Nothing of it would run where the answer was cut off.
    let came = taken_whole(message(inner[..5].to_vec(), "max_tokens")).await;
    assert_eq!((came.response().calls().count(), came.complete().len()), (3, 0));
}

#[tokio::test]
async fn no_call_is_told_where_another_model_takes_over() {
    let look = tool_use("toolu_1", "look");
    let inner = [start(0, &look), stop(0), start(1, &json!({"type": "fallback"})), stop(1)];
    let more = [start(2, &tool_use("toolu_2", "look")), stop(2)];
    let came = taken_whole(message([&inner[..], &more].concat(), "tool_use")).await;
    assert_eq!((came.response().calls().count(), came.complete().len()), (2, 0));
}

#[tokio::test]
async fn what_comes_after_the_end_counts_for_nothing() {
    let body = message([start(0, &text()), text_delta(0, "x"), stop(0)], "end_turn");
    for more in
        [text_delta(0, "y"), start(1, &text()), json!({"type": "error", "error": {"type": "x"}})]
    {
        for pieces in [vec![format!("{body}{}", event(&more))], vec![body.clone(), event(&more)]] {
            let pieces: Vec<_> = pieces.iter().map(|text| piece(text.as_bytes())).collect();
            let came = taken(Answer::events(stream::iter(pieces))).await;
            assert_eq!((came.response().text(), came.told.len()), ("x".to_owned(), 1));
        }
    }
    let garbage = taken_whole(format!("{body}data: {{\n\nx")).await;
    assert_eq!(garbage.response().text(), "x");
}

#[tokio::test]
async fn a_stream_without_its_end_is_no_response() {
    for body in ["", "\n\n", ": x\n\n", "event: message_stop\n\n", "data: {\"type\":\"ping\"}\n\n"]
    {
        let came = taken_whole(body).await;
        let error = came.response.unwrap_err();
        assert!(error.is_retryable() && error.kind() == Kind::Connection, "{body}: {error}");
        assert_eq!(error.request_id(), Some("req_1"));
    }
}

#[tokio::test]
async fn an_error_within_a_stream_has_its_kind() {
    for (name, kind, is_retryable) in [
        ("overloaded_error", Kind::Overloaded, true),
        ("api_error", Kind::Server, true),
        ("rate_limit_error", Kind::RateLimited, true),
        ("timeout_error", Kind::Timeout, true),
        ("invalid_request_error", Kind::Request, false),
        ("billing_error", Kind::Billing, false),
        ("error_of_the_future", Kind::Other, false),
    ] {
        let said = json!({"type": name, "message": "because"});
        // Gateways leave the type of the event out.
        for error in [json!({"type": "error", "error": said}), json!({"error": said})] {
            let body = events(&[message_start(), start(0, &text()), text_delta(0, "x"), error]);
            let came = taken_whole(body).await;
            let error = came.response.unwrap_err();
            assert_eq!((error.kind(), error.is_retryable()), (kind, is_retryable), "{name}");
            assert_eq!((error.status(), error.name()), (Some(200), Some(name)));
            assert!(error.to_string().contains("because"), "{error}");
        }
    }
}

fn small(response: usize, event: usize) -> Limits {
    Limits::default().with_response_bytes(response).with_event_bytes(event)
}

async fn limited(body: &str, limits: Limits, size: usize) -> Came {
    let pieces: Vec<_> = body.as_bytes().chunks(size).map(piece).collect();
    taken_with(Answer::events(stream::iter(pieces)), limits, Timeouts::default()).await
}

#[tokio::test]
async fn limits_hold_to_the_byte_however_the_bytes_come() {
    let inner = [start(0, &text()), text_delta(0, &"x".repeat(2000)), stop(0)];
    let body = message(inner, "end_turn");
    let longest = body.split_inclusive("\n\n").map(str::len).max().unwrap();
    for size in [1, 7, 100, body.len()] {
        let fits = limited(&body, small(body.len(), longest), size).await;
        assert_eq!(fits.response().text().len(), 2000);
        for (limits, name) in [
            (small(body.len() - 1, longest), "Limits::response_bytes"),
            (small(body.len(), longest - 1), "Limits::event_bytes"),
        ] {
            let came = limited(&body, limits, size).await;
            let error = came.response.unwrap_err();
            assert_eq!((error.kind(), error.is_retryable()), (Kind::TooLarge, false));
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}

#[tokio::test]
async fn a_million_blocks_are_too_many() {
    let begin = event(&message_start());
    let pieces = (0..1_000_000).step_by(1000).map(move |from| {
        let blocks: String =
            (from..from + 1000).map(|at| event(&start(at, &json!({"type": "x"})))).collect();
        piece(format!("{}{blocks}", if from == 0 { &*begin } else { "" }).as_bytes())
    });
    let limits = small(1 << 30, 1000);
    let came = taken_with(Answer::events(stream::iter(pieces)), limits, Timeouts::default()).await;
    let error = came.response.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreadable);
    assert!(error.to_string().contains("too many blocks"), "{error}");
}

/// A member that stands twice is written once, so that a small start cannot multiply what follows it.
#[tokio::test]
async fn a_member_that_begins_often_is_written_once() {
    let block = format!(r#"{{"type":"text",{}"a":1}}"#, r#""text":"","#.repeat(10_000));
    let begin = format!(
        "data: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{block}}}\n\n"
    );
    let more = events(&[text_delta(0, &"x".repeat(100_000)), stop(0)]);
    let end = events(&message_end("end_turn"));
    let came = taken_whole(format!("{}{begin}{more}{end}", event(&message_start()))).await;
    assert_eq!(came.response().text().len(), 100_000);
    assert!(came.response().blocks()[0].raw().unwrap().get().len() < 100_100);
}

/// An answer is what its own type says, whatever was asked for.
#[tokio::test]
async fn an_answer_is_taken_as_what_it_says_it_is() {
    let whole = r#" {"content":[{"type":"text","text":"x"}],"stop_reason":"end_turn"}"#;
    let body = message([start(0, &text()), text_delta(0, "x"), stop(0)], "end_turn");
    let of = |kind: &'static [(&str, &str)], body: &str| {
        Answer::new(kind, stream::iter([piece(b"\n"), piece(body.as_bytes())]))
    };
    for answer in [
        of(&[("content-type", "application/json")], whole),
        of(&[], whole),
        of(&[("content-type", "Text/Event-Stream")], &body),
        of(&[("content-type", " text/event-stream;charset=utf-8")], &body),
        of(&[], &body),
        of(&[], &format!("\u{feff}{body}")),
        of(&[], &format!(": hello\n\n{body}")),
    ] {
        let came = taken(answer).await;
        assert_eq!(came.response().text(), "x");
        assert_eq!(*came.response().stop_reason(), StopReason::EndTurn);
    }
    for (kind, why) in [
        (&[("content-type", "text/html")][..], "is of type text/html"),
        (&[("content-type", "text/event-stream"), ("content-encoding", "gzip")], "encoded as gzip"),
    ] {
        let came = taken(Answer::new(kind, stream::iter([piece(body.as_bytes())]))).await;
        let error = came.response.unwrap_err();
        assert_eq!(error.kind(), Kind::Unreadable);
        assert!(error.to_string().contains(why), "{error}");
    }
}
