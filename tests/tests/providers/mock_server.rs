//! The Messages API as an independent mock server speaks it, at the address in `AGENT_MOCK_SERVER`.
//!
//! The word in what the user says chooses what the server does. Each word has a test, which asks in all
//! ways: the answer in events, the run in events too, and the answer whole. The server logs what it gets,
//! for judges that CI runs.

mod mock;
mod shapes;
mod told;

use agent_core::CallStatus::{Completed, Failed, Interrupted, NotRun};
use agent_core::{
    CallSpan, CallStatus, Content, ModelError, ModelErrorKind, Outcome, Response, RunEnd, RunError,
    RunErrorKind, Timeline, WaitedFor,
};
use agent_tests::support::{ms, saved, statuses, texts};
use mock::{KEY, Mock, mocks};
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;

fn model_error(error: &RunError) -> &ModelError {
    match error.kind() {
        RunErrorKind::Model(error) => error,
        other => panic!("{other:?}"),
    }
}

/// The results that a message of a request holds and nothing else: id, text, whether it failed.
fn results(message: &Value) -> Vec<(&str, &str, bool)> {
    assert_eq!(message["role"], "user");
    let results = message["content"].as_array().unwrap().iter().map(|block| {
        assert_eq!(block["type"], "tool_result");
        let (id, text) = (&block["tool_use_id"], &block["content"]);
        (id.as_str().unwrap(), text.as_str().unwrap(), block.get("is_error") == Some(&json!(true)))
    });
    results.collect()
}

/// Nothing waited for another call. Where the answer comes in events, what is early may have ended before
/// what is late could begin.
fn ran_together(mock: &Mock, timeline: &Timeline) -> bool {
    let calls = timeline.calls();
    let is_early = calls.iter().any(|call| !call.head_start.is_zero());
    assert!(mock.is_streamed() || !is_early, "{timeline}");
    is_early || overlap(calls)
}

/// Each of them began before one of them had ended.
fn overlap(calls: &[CallSpan]) -> bool {
    let last = calls.iter().map(|call| call.started.unwrap()).max();
    last < calls.iter().map(|call| call.ended).min()
}

/// Whether a request repeats a response letter by letter.
fn repeats(request: &str, response: &Response) -> bool {
    let blocks: Vec<_> = response.blocks().iter().map(|block| block.raw().unwrap().get()).collect();
    request.contains(&format!(r#"{{"role":"assistant","content":[{}]}}"#, blocks.join(",")))
}

#[tokio::test]
async fn two_calls_run_together_and_go_back_in_one_message() {
    for mock in mocks("two-calls") {
        let outcome = mock.run().await;
        assert_eq!((outcome.end(), mock.ran()), (&RunEnd::Done, 2));
        assert_eq!(outcome.text(), "Paris 18 C, Tokyo 21 C.");
        assert!(ran_together(&mock, &outcome.timeline()), "{}", outcome.timeline());
        let origin = outcome.response().unwrap().origin().unwrap();
        assert_eq!(&*origin.model, "claude-mock");
        assert!(origin.request_id.as_ref().is_some_and(|id| id.starts_with("req-")));

        let bodies = mock.bodies();
        assert_eq!(bodies.len(), 2);
        let messages = bodies[1]["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 3);
        let both = [("call_w1", "fine in Paris", false), ("call_w2", "fine in Tokyo", false)];
        assert_eq!(results(&messages[2]), both);
        assert!(repeats(&mock.sent()[1], outcome.transcript().responses().next().unwrap()));
    }
}

#[tokio::test]
async fn five_results_keep_the_order_of_the_calls() {
    for mock in mocks("five-calls") {
        fetches_in_order(&mock, 5, "Five items.").await;
    }
}

#[tokio::test]
async fn twenty_results_keep_the_order_of_the_calls() {
    for mock in mocks("twenty-calls") {
        fetches_in_order(&mock, 20, "Twenty items.").await;
    }
}

#[tokio::test]
async fn calls_that_come_slowly_begin_before_the_answer_has_ended() {
    for mock in mocks("slow-calls") {
        let timeline = fetches_in_order(&mock, 5, "Five items.").await;
        let answered = timeline.turns()[0].ended;
        let (_, before) = timeline.calls().split_last().unwrap();
        // Each takes less than the next one takes to come.
        let expected = match mock.is_streamed() {
            true => before.iter().all(|call| call.ended < answered),
            false => timeline.calls().iter().all(|call| call.started >= Some(answered)),
        };
        assert!(expected, "{timeline}");
    }
}

/// The first call takes longest.
async fn fetches_in_order(mock: &Mock, calls: usize, text: &str) -> Timeline {
    let outcome = mock.run().await;
    assert_eq!((outcome.end(), outcome.text(), mock.ran()), (&RunEnd::Done, text.into(), calls));
    let timeline = outcome.timeline();
    assert!(ran_together(mock, &timeline), "{timeline}");

    let bodies = mock.bodies();
    assert_eq!(bodies.len(), 2);
    let items = (1..=calls).map(|id| (format!("call_i{id}"), format!("item {id}")));
    let items: Vec<_> = items.collect();
    let items = items.iter().map(|(id, text)| (id.as_str(), text.as_str(), false));
    assert_eq!(results(&bodies[1]["messages"][2]), items.collect::<Vec<_>>());
    timeline
}

#[tokio::test]
async fn two_rounds_are_two_batches() {
    for mock in mocks("two-rounds") {
        let outcome = mock.run().await;
        assert_eq!((outcome.end(), outcome.text()), (&RunEnd::Done, "Two rounds.".into()));
        let turns: Vec<_> = outcome.timeline().calls().iter().map(|call| call.turn).collect();
        assert_eq!((turns, mock.ran()), (vec![1, 1, 2, 2], 4));
        let bodies = mock.bodies();
        assert_eq!(bodies.len(), 3);
        let messages = &bodies[2]["messages"];
        let items = [("call_i1", "item 1", false), ("call_i2", "item 2", false)];
        assert_eq!(results(&messages[2]), items);
        let weather = [("call_w1", "fine in Paris", false), ("call_w2", "fine in Tokyo", false)];
        assert_eq!(results(&messages[4]), weather);
    }
}

/// The table wants a typed error; here it is an outcome, whose transcript can be resumed.
#[tokio::test]
async fn endless_calls_end_at_the_turn_limit() {
    for mock in mocks("endless-calls") {
        let agent = mock.agent().max_turns(3);
        let outcome = mock.run_of(&agent).await.unwrap();
        assert_eq!((outcome.end(), mock.ran(), mock.sent().len()), (&RunEnd::MaxTurns, 3, 3));
        assert_eq!(texts(outcome.transcript()), ["item 1"; 3]);

        let mut chat = agent.conversation(outcome.into_transcript());
        let outcome = chat.resume().await.unwrap();
        assert_eq!((outcome.end(), mock.ran(), mock.sent().len()), (&RunEnd::MaxTurns, 6, 6));
    }
}

#[tokio::test]
async fn no_arguments_are_an_empty_object() {
    for mock in mocks("zero-arguments") {
        let outcome = mock.run().await;
        assert_eq!((outcome.end(), outcome.text()), (&RunEnd::Done, "Twice now.".into()));
        assert_eq!(texts(outcome.transcript()), ["12:00"; 2]);
        let response = outcome.transcript().responses().next().unwrap();
        assert!(response.calls().all(|call| call.arguments() == "{}"));
    }
}

#[tokio::test]
async fn a_write_runs_alone_between_the_reads_around_it() {
    for mock in mocks("reads-and-writes") {
        let outcome = mock.run().await;
        assert_eq!((outcome.end(), outcome.text()), (&RunEnd::Done, "a is 1.".into()));
        assert_eq!(texts(outcome.transcript()), ["null", "done", "1", "null"]);

        let timeline = outcome.timeline();
        let [before, write, same, other] = timeline.calls() else { panic!("{timeline}") };
        let after = |call: &CallSpan, earlier: &CallSpan| call.started.unwrap() >= earlier.ended;
        assert!(after(write, before) && after(same, write) && after(other, write), "{timeline}");
        assert!(overlap(&timeline.calls()[2..]), "{timeline}");
        let waited = timeline.calls().iter().map(|call| call.waited_for).collect::<Vec<_>>();
        let on = |call| Some(WaitedFor::Call(call));
        assert_eq!(waited, [None, on(1), on(2), on(2)]);
    }
}

#[tokio::test]
async fn the_text_before_calls_goes_back() {
    for mock in mocks("text-then-calls") {
        kinds_go_back(&mock, &["text", "tool_use", "tool_use"]).await;
    }
}

#[tokio::test]
async fn the_text_between_calls_stays_between_them() {
    for mock in mocks("call-text-call") {
        kinds_go_back(&mock, &["tool_use", "text", "tool_use"]).await;
    }
}

#[tokio::test]
async fn a_thought_goes_back_with_its_signature() {
    for mock in mocks("think-then-calls") {
        let outcome = kinds_go_back(&mock, &["thinking", "tool_use", "tool_use"]).await;
        let block = &outcome.transcript().responses().next().unwrap().blocks()[0];
        assert!(
            matches!(block.content(), Content::Thinking(thought) if thought.starts_with("Both cities"))
        );
        assert!(block.raw().unwrap().get().contains("c2lnbmF0dXJlLW9mLXRoZS10aG91Z2h0"));
    }
}

#[tokio::test]
async fn a_hidden_thought_goes_back() {
    for mock in mocks("hidden-thought") {
        let outcome = kinds_go_back(&mock, &["redacted_thinking", "tool_use"]).await;
        let block = &outcome.transcript().responses().next().unwrap().blocks()[0];
        assert_eq!(block.content(), &Content::Opaque);
    }
}

/// The first response has these blocks; its calls run, and it goes back letter by letter.
async fn kinds_go_back(mock: &Mock, kinds: &[&str]) -> Outcome {
    let outcome = mock.run().await;
    let calls = kinds.iter().filter(|kind| **kind == "tool_use").count();
    assert_eq!((outcome.end(), mock.ran()), (&RunEnd::Done, calls));
    assert!(outcome.text().starts_with("Paris 18 C"));
    assert_eq!(statuses(outcome.transcript()), vec![Completed; calls]);
    let bodies = mock.bodies();
    assert_eq!(bodies.len(), 2);
    let content = bodies[1]["messages"][1]["content"].as_array().unwrap();
    assert_eq!(content.iter().map(|block| &block["type"]).collect::<Vec<_>>(), kinds);
    assert!(repeats(&mock.sent()[1], outcome.transcript().responses().next().unwrap()));
    outcome
}

#[tokio::test]
async fn an_unknown_tool_is_answered_beside_a_good_call() {
    for mock in mocks("unknown-tool") {
        let outcome = one_of_two_fails(&mock).await;
        let text = texts(outcome.transcript())[0];
        assert!(text.starts_with("there is no tool `no_such_tool`"), "{text}");
        assert!(text.contains("`get_weather`"), "{text}");
    }
}

#[tokio::test]
async fn wrong_arguments_are_told_all_at_once() {
    for mock in mocks("wrong-arguments") {
        let outcome = one_of_two_fails(&mock).await;
        let text = texts(outcome.transcript())[0];
        assert!(text.starts_with("invalid arguments: "), "{text}");
        assert!(text.contains("`city`: invalid type: integer `5`, expected"), "{text}");
        assert!(text.contains("`town`: unknown argument"), "{text}");
    }
}

/// The server makes `{}` of them.
#[tokio::test]
async fn broken_arguments_are_missing_ones() {
    for mock in mocks("broken-arguments") {
        let outcome = one_of_two_fails(&mock).await;
        let text = texts(outcome.transcript())[0];
        assert!(text.starts_with("invalid arguments: `city`: missing"), "{text}");
    }
}

async fn one_of_two_fails(mock: &Mock) -> Outcome {
    let outcome = mock.run().await;
    assert_eq!((outcome.end(), outcome.text()), (&RunEnd::Done, "Only Paris.".into()));
    assert_eq!((statuses(outcome.transcript()), mock.ran()), (vec![Failed, Completed], 1));
    let bodies = mock.bodies();
    assert_eq!(bodies.len(), 2);
    let results = results(&bodies[1]["messages"][2]);
    assert_eq!(results[0].1, texts(outcome.transcript())[0]);
    assert_eq!((results[0].2, results[1]), (true, ("call_w2", "fine in Paris", false)));
    outcome
}

#[tokio::test]
async fn two_calls_of_one_id_are_told_apart() {
    for mock in mocks("same-id") {
        let outcome = mock.run().await;
        assert_eq!((outcome.end(), outcome.text()), (&RunEnd::Done, "Both.".into()));
        let bodies = mock.bodies();
        assert_eq!(bodies.len(), 2);
        let messages = &bodies[1]["messages"];
        let asked = messages[1]["content"].as_array().unwrap().iter();
        let asked: Vec<_> = asked.map(|call| (&call["id"], &call["input"]["city"])).collect();
        assert_eq!(
            asked,
            [(&json!("call_s"), &json!("Paris")), (&json!("call_s_1"), &json!("Tokyo"))]
        );
        let both = [("call_s", "fine in Paris", false), ("call_s_1", "fine in Tokyo", false)];
        assert_eq!(results(&messages[2]), both);
    }
}

#[tokio::test]
async fn a_call_around_calls_is_answered_with_an_error() {
    for mock in mocks("wrapper-call") {
        let outcome = mock.run().await;
        assert_eq!((outcome.end(), outcome.text(), mock.ran()), (&RunEnd::Done, "Both.".into(), 0));
        let bodies = mock.bodies();
        let results = results(&bodies[1]["messages"][2]);
        assert_eq!((bodies.len(), results.len()), (2, 1));
        let (id, text, failed) = results[0];
        assert_eq!((id, failed), ("call_p1", true));
        assert!(text.contains("make several calls in one response instead"), "{text}");
        // As the model wrote it, the API would refuse it.
        assert_eq!(bodies[1]["messages"][1]["content"][0]["name"], "multi_tool_use_parallel");
    }
}

#[tokio::test]
async fn calls_of_a_turn_that_has_ended_do_not_run() {
    for mock in mocks("stop-with-calls") {
        let outcome = mock.run().await;
        assert_eq!((outcome.end(), mock.ran(), mock.sent().len()), (&RunEnd::Done, 0, 1));
        assert_eq!(statuses(outcome.transcript()), [NotRun]);
        assert_eq!(texts(outcome.transcript()), ["not run: the response had ended"]);
    }
}

#[tokio::test]
async fn a_paused_turn_goes_back_unchanged() {
    for mock in mocks("pause-turn") {
        let outcome = mock.run().await;
        assert_eq!((outcome.end(), outcome.text()), (&RunEnd::Done, "Found it.".into()));
        let (sent, bodies) = (mock.sent(), mock.bodies());
        assert_eq!((sent.len(), bodies[1]["messages"].as_array().unwrap().len()), (2, 2));
        assert!(repeats(&sent[1], outcome.transcript().responses().next().unwrap()));
        assert_eq!(outcome.timeline().turns().len(), 2);
    }
}

#[tokio::test]
async fn a_text_that_is_cut_off_is_said_to_be() {
    for mock in mocks("cut-text") {
        let outcome = ends_at_once(&mock, RunEnd::Truncated).await;
        assert_eq!(outcome.text(), "This sentence ends in the");
    }
}

/// The table wants none to run; here a read may begin when the answer has moved past it.
#[tokio::test]
async fn no_call_begins_after_a_turn_was_cut_off() {
    for mock in mocks("cut-call") {
        let outcome = mock.run().await;
        assert_eq!((outcome.end(), mock.sent().len()), (&RunEnd::Truncated, 1));
        saved(outcome.transcript());
        let cut_off = "not run: the response was cut off";
        let [(first, _), second] = answers(&outcome);
        assert_eq!(second, (NotRun, cut_off));
        let ran = usize::from(first != NotRun);
        assert!(matches!(first, Completed | Interrupted | NotRun), "{first:?}");
        assert!((mock.is_streamed() || ran == 0) && mock.ran() == ran, "{}", outcome.timeline());
    }
}

/// How the two calls of a run ended.
fn answers(outcome: &Outcome) -> [(CallStatus, &str); 2] {
    let answers: Vec<_> = outcome.transcript().results().collect();
    let [first, second] = answers[..] else { panic!("{answers:?}") };
    [first, second].map(|result| (result.status(), result.text()))
}

#[tokio::test]
async fn a_refusal_is_reported() {
    for mock in mocks("refusal") {
        assert_eq!(ends_at_once(&mock, RunEnd::Refused).await.text(), "");
    }
}

/// No reason that Messages has.
#[tokio::test]
async fn a_filter_of_another_dialect_is_reported_by_its_name() {
    for mock in mocks("content-filter") {
        ends_at_once(&mock, RunEnd::Other("content_filter".into())).await;
    }
}

#[tokio::test]
async fn a_stop_reason_that_nobody_knows_is_kept() {
    for mock in mocks("strange-stop") {
        let outcome = ends_at_once(&mock, RunEnd::Other("a_reason_from_the_future".into())).await;
        assert_eq!(outcome.text(), "Odd.");
    }
}

async fn ends_at_once(mock: &Mock, stop: RunEnd) -> Outcome {
    let outcome = mock.run().await;
    assert_eq!((outcome.end(), mock.ran(), mock.sent().len()), (&stop, 0, 1));
    saved(outcome.transcript());
    outcome
}

#[tokio::test]
async fn too_many_requests_wait_as_long_as_they_are_told() {
    for mock in mocks("rate-limited") {
        assert!(asked_twice(&mock).await >= Duration::from_secs(1));
    }
}

#[tokio::test]
async fn an_overloaded_server_is_asked_again() {
    for mock in mocks("overloaded") {
        assert!(asked_twice(&mock).await >= ms(375));
    }
}

#[tokio::test]
async fn a_server_that_failed_is_asked_again() {
    for mock in mocks("server-error") {
        assert!(asked_twice(&mock).await >= ms(375));
    }
}

#[tokio::test]
async fn a_connection_that_was_dropped_is_made_again() {
    for mock in mocks("dropped-at-once") {
        assert!(asked_twice(&mock).await >= ms(375));
    }
}

/// How long the one turn took.
async fn asked_twice(mock: &Mock) -> Duration {
    let outcome = mock.run().await;
    assert_eq!((outcome.end(), outcome.text()), (&RunEnd::Done, "Here you are.".into()));
    let timeline = outcome.timeline();
    assert_eq!((timeline.turns().len(), timeline.turns()[0].attempts), (1, 2));
    let sent = mock.sent();
    assert_eq!((sent.len(), &sent[0]), (2, &sent[1]));
    timeline.elapsed()
}

#[tokio::test]
async fn an_error_that_stays_keeps_its_status_and_its_delay() {
    for mock in mocks("always-limited") {
        let error = mock.fail().await;
        assert_eq!((error.timeline().turns()[0].attempts, mock.sent().len()), (3, 3));
        assert!(error.timeline().elapsed() >= Duration::from_secs(2));
        assert_eq!(error.transcript().messages().len(), 1);
        let error = model_error(&error);
        assert_eq!((error.kind(), error.status()), (ModelErrorKind::RateLimited, Some(429)));
        assert_eq!((error.attempts(), error.name()), (3, Some("rate_limit_error")));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
        assert!(error.request_id().is_some_and(|id| id.starts_with("req-")));
    }
}

#[tokio::test]
async fn a_bad_request_is_not_sent_again() {
    for mock in mocks("bad-request") {
        let error = refused(&mock, ModelErrorKind::Request, 400).await;
        assert!(
            error.contains("the API refuses the request: messages: something is wrong"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_bad_key_is_not_sent_again_and_not_shown() {
    for mock in mocks("bad-key") {
        let error = refused(&mock, ModelErrorKind::Authentication, 401).await;
        assert!(error.contains("the key was refused: Invalid key"), "{error}");
    }
}

async fn refused(mock: &Mock, kind: ModelErrorKind, status: u16) -> String {
    let error = mock.fail().await;
    assert_eq!((error.timeline().turns()[0].attempts, mock.sent().len()), (1, 1));
    let text = format!("{error} {error:?}");
    assert!(!text.contains(KEY) && !text.contains(&mock.fresh), "{text}");
    let error = model_error(&error);
    assert_eq!((error.kind(), error.status(), error.attempts()), (kind, Some(status), 1));
    text
}

const LONG: &str = "A long answer that arrives in many small pieces, one after the other.";

#[tokio::test]
async fn an_answer_in_many_small_pieces_is_put_together() {
    for mock in mocks("slow-chunks") {
        let outcome = ends_at_once(&mock, RunEnd::Done).await;
        assert_eq!(outcome.text(), LONG);
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_in_its_text_is_asked_for_again() {
    for mock in mocks("cut-stream") {
        if mock.is_streamed() {
            is_cut_each_time(&mock).await;
        } else {
            assert_eq!(ends_at_once(&mock, RunEnd::Done).await.text(), LONG);
        }
    }
}

/// The server makes the same calls in every turn.
#[tokio::test]
async fn an_answer_that_is_cut_in_a_call_is_asked_for_again() {
    for mock in mocks("cut-stream-in-call") {
        if mock.is_streamed() {
            is_cut_each_time(&mock).await;
        } else {
            let outcome = mock.run_of(&mock.agent().max_turns(1)).await.unwrap();
            assert_eq!(outcome.end(), &RunEnd::MaxTurns);
            assert_eq!(texts(outcome.transcript()), ["fine in Paris", "fine in Tokyo"]);
        }
    }
}

/// A stream without its end is no response, whatever came of it; the conversation goes on without.
async fn is_cut_each_time(mock: &Mock) {
    let ended = mock.fail().await;
    let error = model_error(&ended);
    assert_eq!((error.kind(), error.attempts()), (ModelErrorKind::Connection, 3), "{error}");
    let asked = ended.timeline().turns()[0].attempts;
    assert_eq!((asked, mock.sent().len(), mock.ran()), (3, 3, 0));
    assert_eq!(ended.transcript().messages().len(), 1);

    let mut chat = mock.agent().conversation(ended.into_transcript());
    assert_eq!(chat.send("slow-chunks").await.unwrap().text(), LONG);
}

#[test]
fn every_word_of_the_servers_table_has_its_test() {
    let Ok(oracles) = std::env::var("AGENT_ORACLES") else {
        writeln!(std::io::stderr(), "skipped: mock_server table: AGENT_ORACLES is not set")
            .unwrap();
        return;
    };
    let table = std::fs::read_to_string(format!("{oracles}/aimock/README.md")).unwrap();
    let first_cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    let words: Vec<_> = first_cells.flat_map(|cell| cell.trim_matches('`').split("` `")).collect();
    assert!(words.len() >= 34, "{words:?}");
    let tested =
        |word: &str| include_str!("mock_server.rs").contains(&format!("mocks(\"{word}\")"));
    assert_eq!(words.into_iter().filter(|word| !tested(word)).collect::<Vec<_>>(), [""; 0]);
}
