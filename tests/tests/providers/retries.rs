//! When a model is asked again, after which pause, and what is never done twice for it.

use agent_core::providers::Anthropic;
use agent_core::transport::{Body, Timeouts, Transport};
use agent_core::{
    Agent, BoxFuture, Limits, Model, ModelError, ModelErrorKind as Kind, Outcome, Request,
    Response, RunError, RunErrorKind, Transcript, TurnSpan, tool, tools,
};
use agent_tests::support::{ms, saved};
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, sleep, timeout};

type Reply = Result<http::Response<Body>, ModelError>;

/// A transport that answers each attempt, counted from 1, and notes when it came and with what.
struct Wire {
    reply: Box<dyn Fn(usize) -> BoxFuture<'static, Reply> + Send + Sync>,
    seen: Mutex<Vec<(Instant, Bytes)>>,
}

impl Wire {
    fn new(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Arc<Self> {
        Self::slow(move |attempt| Box::pin(std::future::ready(reply(attempt))))
    }

    fn slow(
        reply: impl Fn(usize) -> BoxFuture<'static, Reply> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { reply: Box::new(reply), seen: Mutex::default() })
    }

    fn agent(self: &Arc<Self>, retries: u32) -> Agent {
        self.patient(retries, Timeouts::default())
    }

    fn patient(self: &Arc<Self>, retries: u32, times: Timeouts) -> Agent {
        let model = Anthropic::new("claude-test", "a key").transport(self.clone()).timeouts(times);
        Agent::new(model).limits(Limits::default().with_retries(retries))
    }

    fn attempts(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    fn bodies(&self) -> Vec<Bytes> {
        self.seen.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }

    /// The times from each attempt to the next.
    fn pauses(&self) -> Vec<Duration> {
        self.seen.lock().unwrap().windows(2).map(|pair| pair[1].0 - pair[0].0).collect()
    }
}

impl Transport for Wire {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Reply> {
        let attempt = {
            let mut seen = self.seen.lock().unwrap();
            seen.push((Instant::now(), request.into_body()));
            seen.len()
        };
        (self.reply)(attempt)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what a transport returns")]
fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Reply {
    let head = http::Response::builder().status(status);
    let head = headers.iter().fold(head, |head, (name, value)| head.header(*name, *value));
    Ok(head.body(body.into()).unwrap())
}

fn content(blocks: &Value, stop: &str) -> String {
    json!({"type": "message", "content": blocks, "stop_reason": stop}).to_string()
}

fn done() -> Reply {
    reply(200, &[], content(&json!([{"type": "text", "text": "done"}]), "end_turn"))
}

fn api_error(status: u16, headers: &[(&str, &str)], name: &str) -> Reply {
    let body = json!({"type": "error", "error": {"type": name, "message": "no"}});
    reply(status, headers, body.to_string())
}

fn overloaded() -> Reply {
    api_error(529, &[], "overloaded_error")
}

fn model_error(error: &RunError) -> &ModelError {
    let RunErrorKind::Model(error) = error.kind() else { panic!("{error:?}") };
    error
}

/// What a pause may be: tokio's timers are exact to the millisecond, and never early.
fn about(pause: Duration) -> RangeInclusive<Duration> {
    pause * 3 / 4..=pause + ms(1)
}

/// Runs until the second answer, which is good, and tells the pause before it.
async fn pause_after(first: impl Fn() -> Reply + Send + Sync + 'static) -> Duration {
    let wire = Wire::new(move |attempt| if attempt == 1 { first() } else { done() });
    assert_eq!(wire.agent(2).run("go").await.unwrap().text(), "done");
    wire.pauses()[0]
}

#[tokio::test(start_paused = true)]
async fn the_pause_is_as_long_as_the_provider_asks() {
    for (name, value, told) in [
        ("retry-after", "7", ms(7_000)),
        ("retry-after", "0.25", ms(250)),
        ("retry-after", " 3 ", ms(3_000)),
        ("retry-after", "120", ms(120_000)),
        ("retry-after-ms", "40", ms(40)),
        ("retry-after-ms", "1500.0", ms(1_500)),
    ] {
        for status in [429, 529, 503] {
            let headers = [(name, value)];
            let pause = pause_after(move || reply(status, &headers, "")).await;
            assert_eq!(pause, told, "{status} {name}: {value}");
        }
    }
    let both = [("retry-after", "9"), ("retry-after-ms", "200")];
    assert_eq!(pause_after(move || reply(429, &both, "")).await, ms(200));
    let only_one_is_a_number = [("retry-after", "9"), ("retry-after-ms", "soon")];
    assert_eq!(pause_after(move || reply(429, &only_one_is_a_number, "")).await, ms(9_000));
}

#[tokio::test(start_paused = true)]
async fn a_date_is_awaited() {
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(60));
    let pause = pause_after(move || reply(429, &[("retry-after", &date)], "")).await;
    // A date has whole seconds, and the test takes its time.
    assert!((ms(50_000)..=ms(60_001)).contains(&pause), "{pause:?}");
}

#[tokio::test(start_paused = true)]
async fn a_delay_that_makes_no_sense_is_none() {
    for value in ["-1", "NaN", "inf", "1e999", "soon", "", "0", "Sun, 22 Nov 2020 10:00:30 GMT"] {
        for name in ["retry-after", "retry-after-ms"] {
            let pause = pause_after(move || reply(429, &[(name, value)], "")).await;
            assert!(about(ms(500)).contains(&pause), "{name}: {value}: {pause:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_double_up_to_eight_seconds_less_up_to_a_quarter() {
    let wire = Wire::new(|_| overloaded());
    let error = wire.agent(60).run("go").await.unwrap_err();
    assert_eq!((wire.attempts(), model_error(&error).attempts()), (61, 61));
    let mut pauses = wire.pauses().into_iter();
    for most in [500, 1000, 2000, 4000, 8000] {
        let pause = pauses.next().unwrap();
        assert!(about(ms(most)).contains(&pause), "{most}: {pause:?}");
    }
    let rest: Vec<_> = pauses.collect();
    assert!(rest.len() == 55 && rest.iter().all(|it| about(ms(8000)).contains(it)), "{rest:?}");
}

#[tokio::test(start_paused = true)]
async fn many_clients_do_not_come_back_together() {
    let mut pauses = Vec::new();
    for _ in 0..200 {
        pauses.push(pause_after(overloaded).await);
    }
    assert!(pauses.iter().all(|pause| about(ms(500)).contains(pause)), "{pauses:?}");
    let (least, most) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
    assert!(*least < ms(395) && *most > ms(480), "{least:?} to {most:?}");
    pauses.sort();
    pauses.dedup();
    assert!(pauses.len() > 40, "{pauses:?}");
}

/// The policy, said once more: whether an answer of this status is worth another request.
fn is_worth_it(status: u16, should_retry: Option<&str>) -> bool {
    match (status, should_retry) {
        // A redirect is not followed, and money does not come back by itself.
        (300..400 | 402, _) | (_, Some("false")) => false,
        (_, Some("true")) => true,
        _ => matches!(status, 408 | 409 | 429 | 500..),
    }
}

/// The API's name for errors of a status.
fn name_of(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

#[tokio::test(start_paused = true)]
async fn every_status_with_every_header_is_asked_for_as_often_as_the_policy_says() {
    const STATUSES: [u16; 32] = [
        300, 301, 302, 307, 308, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 415, 418, 422,
        425, 429, 451, 499, 500, 501, 502, 503, 504, 505, 520, 524, 529, 599,
    ];
    let delays = [None, Some("0"), Some("2"), Some("120"), Some("121"), Some("x")];
    let mut runs = 0;
    for status in STATUSES {
        for should_retry in [None, Some("true"), Some("false"), Some("perhaps")] {
            for delay in delays {
                for (named, retries) in [(true, 0), (false, 1), (true, 2), (false, 3), (true, 3)] {
                    check_row(status, should_retry, delay, named, retries).await;
                    runs += 1;
                }
            }
        }
    }
    assert_eq!(runs, 32 * 4 * 6 * 5);
}

/// A server that has only this answer, and then one that gets better with the last attempt.
async fn check_row(
    status: u16,
    should_retry: Option<&'static str>,
    delay: Option<&'static str>,
    named: bool,
    retries: u32,
) {
    let row = format!("{status} {should_retry:?} {delay:?} {named} {retries}");
    let headers = [("x-should-retry", should_retry), ("retry-after", delay)];
    let headers = headers.map(|(name, value)| Some((name, value?)));
    let headers: Vec<_> = headers.into_iter().flatten().collect();
    let bad = move || match named {
        true => api_error(status, &headers, name_of(status)),
        false => reply(status, &headers, "<html>"),
    };
    let again = is_worth_it(status, should_retry) && delay != Some("121");
    let attempts = if again { retries as usize + 1 } else { 1 };

    let wire = Wire::new({
        let bad = bad.clone();
        move |_| bad()
    });
    let error = wire.agent(retries).run("go").await.unwrap_err();
    let error = model_error(&error);
    assert_eq!((wire.attempts(), error.attempts() as usize), (attempts, attempts), "{row}");
    assert_eq!(error.status(), Some(status), "{row}");
    for (at, pause) in (0..).zip(wire.pauses()) {
        let told = delay.and_then(|delay| delay.parse().ok()).filter(|told| *told > 0);
        let as_said = match told {
            Some(told) => pause == Duration::from_secs(told),
            None => about(ms(500 << at)).contains(&pause),
        };
        assert!(as_said, "{row}: {pause:?}");
    }

    let better = Wire::new(move |attempt| if attempt == attempts { done() } else { bad() });
    let outcome = better.agent(retries).run("go").await;
    let asked = outcome.unwrap().timeline().turns()[0].attempts;
    assert_eq!((better.attempts(), asked as usize), (attempts, attempts), "{row}");
}

#[tokio::test(start_paused = true)]
async fn a_status_that_means_later_means_it_whatever_the_body_says() {
    let names = ["invalid_request_error", "not_found_error", "permission_error", "new_error", ""];
    for status in [408, 409, 429, 500, 502, 503, 529] {
        for name in names {
            let wire = Wire::new(move |_| api_error(status, &[], name));
            wire.agent(2).run("go").await.unwrap_err();
            assert_eq!(wire.attempts(), 3, "{status} {name}");
        }
    }
    // An error that means later, under a status that does not.
    for name in ["overloaded_error", "rate_limit_error"] {
        let wire = Wire::new(move |_| api_error(400, &[], name));
        wire.agent(2).run("go").await.unwrap_err();
        assert_eq!(wire.attempts(), 3, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_on_spending_is_not_waited_for() {
    for code in ["contract_spend_limit_reached", "credit_balance_exhausted"] {
        for headers in [&[][..], &[("x-should-retry", "true"), ("retry-after", "1")]] {
            let body = json!({"type": "error", "error": {
                "type": "rate_limit_error", "message": "Too much.", "details": {"error_code": code}
            }});
            let wire = Wire::new(move |_| reply(429, headers, body.to_string()));
            let error = wire.agent(2).run("go").await.unwrap_err();
            let error = model_error(&error);
            assert_eq!((wire.attempts(), error.kind()), (1, Kind::Billing));
            assert_eq!((error.code(), error.status()), (Some(code), Some(429)));
            assert_eq!(error.name(), Some("rate_limit_error"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_to_wait_for_long_learns_it_at_once() {
    let began = Instant::now();
    for (value, told) in
        [("121", 121), ("3600", 3600), ("86400", 86_400), ("99999999999", 99_999_999_999)]
    {
        let wire = Wire::new(move |_| reply(429, &[("retry-after", value)], ""));
        let error = wire.agent(5).run("go").await.unwrap_err();
        assert_eq!(wire.attempts(), 1);
        assert_eq!(model_error(&error).retry_after(), Some(Duration::from_secs(told)));
        assert!(model_error(&error).is_retryable());
    }
    assert_eq!(began.elapsed(), ms(0));
}

#[tokio::test(start_paused = true)]
async fn what_no_time_heals_is_asked_for_once() {
    let large = content(&json!([{"type": "text", "text": "x".repeat(5_000)}]), "end_turn");
    for (body, kind) in [
        ("{".to_owned(), Kind::Unreadable),
        ("<html>".to_owned(), Kind::Unreadable),
        (String::new(), Kind::Unreadable),
        (large, Kind::TooLarge),
    ] {
        for headers in [&[][..], &[("x-should-retry", "true")]] {
            let body = body.clone();
            let wire = Wire::new(move |_| reply(200, headers, body.clone()));
            let agent =
                wire.agent(2).limits(Limits::default().with_retries(2).with_response_bytes(4_000));
            let error = agent.run("go").await.unwrap_err();
            assert_eq!((wire.attempts(), model_error(&error).kind()), (1, kind));
        }
    }
    let unset = Anthropic::new("m", " ");
    let error = Agent::new(unset).run("go").await.unwrap_err();
    let error = model_error(&error);
    assert_eq!((error.kind(), error.attempts()), (Kind::Configuration, 1));
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_tried_again_before_and_within_the_answer() {
    let lost = || ModelError::new("lost").with_kind(Kind::Connection);
    let wire = Wire::new(move |attempt| match attempt {
        1 => Err(lost()),
        2 => reply(200, &[], Body::new(stream::iter([Ok("{".into()), Err(lost())]))),
        // Less than it announced.
        3 => reply(200, &[("content-length", "100")], "{"),
        _ => done(),
    });
    let outcome = wire.agent(3).run("go").await.unwrap();
    assert_eq!((outcome.text(), wire.attempts()), ("done".to_owned(), 4));
    assert_eq!(outcome.timeline().turns()[0].attempts, 4);
    for (pause, most) in wire.pauses().iter().zip([500, 1000, 2000]) {
        assert!(about(ms(most)).contains(pause), "{pause:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn how_often_it_was_asked_stands_in_every_account_of_it() {
    let wire = Wire::new(|attempt| if attempt < 3 { overloaded() } else { done() });
    let outcome = wire.agent(2).run("go").await.unwrap();
    let timeline = outcome.timeline();
    let TurnSpan { started, ended, attempts, .. } = timeline.turns()[0];
    let waited: Duration = wire.pauses().iter().sum();
    assert_eq!((attempts, started + waited), (3, ended));
    assert!(timeline.to_string().contains("asked 3 times"), "{timeline}");

    let wire = Wire::new(|_| overloaded());
    let error = wire.agent(2).run("go").await.unwrap_err();
    assert_eq!(model_error(&error).attempts(), 3);
    assert!(model_error(&error).to_string().ends_with("asked 3 times)"), "{error:?}");
    assert!(format!("{error:?}").contains("asked 3 times"), "{error:?}");
    assert_eq!(error.timeline().turns()[0].attempts, 3);
    assert!(error.timeline().to_string().contains("asked 3 times"));

    let wire = Wire::new(|_| overloaded());
    let error = wire.agent(0).run("go").await.unwrap_err();
    assert_eq!((wire.attempts(), model_error(&error).attempts()), (1, 1));
    assert!(!format!("{error:?}{}", error.timeline()).contains("asked"));
}

/// Pieces of a body, each after a pause, and then nothing more, for ever.
fn drip(pieces: usize, pause: Duration) -> Reply {
    let drip = stream::unfold(0, move |at| async move {
        if at == pieces {
            std::future::pending::<()>().await;
        }
        sleep(pause).await;
        Some((Ok(Bytes::from_static(b" ")), at + 1))
    });
    reply(200, &[], Body::new(drip))
}

fn hurried() -> Timeouts {
    Timeouts::default().first_byte(ms(3_000)).idle(ms(2_000)).total(ms(10_000))
}

async fn times_out(times: Timeouts, after: Duration, name: &str, wire: Arc<Wire>) {
    let began = Instant::now();
    let error = wire.patient(0, times).run("go").await.unwrap_err();
    let error = model_error(&error);
    assert_eq!((began.elapsed(), error.kind()), (after, Kind::Timeout), "{error:?}");
    assert!(error.to_string().contains(&format!("`Timeouts::{name}`")), "{error:?}");
    assert!(error.is_retryable());
}

fn silent() -> BoxFuture<'static, Reply> {
    Box::pin(std::future::pending())
}

fn late(head: Duration, body: impl Fn() -> Reply + Send + 'static) -> BoxFuture<'static, Reply> {
    Box::pin(async move {
        sleep(head).await;
        body()
    })
}

#[tokio::test(start_paused = true)]
async fn each_deadline_ends_what_it_is_for_and_to_the_millisecond() {
    let first = "first_byte";
    times_out(hurried(), ms(3_000), first, Wire::slow(|_| silent())).await;
    let total = hurried().total(ms(1_000));
    times_out(total, ms(1_000), "total", Wire::slow(|_| silent())).await;

    for pieces in 0..4 {
        let silence = Wire::new(move |_| drip(pieces, ms(1_500)));
        let after = ms(1_500) * u32::try_from(pieces).unwrap() + ms(2_000);
        times_out(hurried(), after, "idle", silence).await;
        let late = Wire::slow(move |_| late(ms(2_900), move || drip(pieces, ms(1_500))));
        times_out(hurried(), after + ms(2_900), "idle", late).await;
    }

    // One byte in time, again and again.
    times_out(hurried(), ms(10_000), "total", Wire::new(|_| drip(usize::MAX, ms(1_999)))).await;
    let late = Wire::slow(|_| late(ms(2_999), || drip(usize::MAX, ms(10))));
    times_out(hurried(), ms(10_000), "total", late).await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_just_in_time_is_taken() {
    let wire = Wire::slow(|_| {
        late(ms(2_999), || {
            let whole = content(&json!([{"type": "text", "text": "done"}]), "end_turn");
            let halves = [whole[..20].to_owned(), whole[20..].to_owned()];
            let slow = stream::unfold(halves.into_iter(), |mut halves| async move {
                let half = halves.next()?;
                sleep(ms(1_999)).await;
                Some((Ok(half.into()), halves))
            });
            reply(200, &[], Body::new(slow))
        })
    });
    let outcome = wire.patient(0, hurried()).run("go").await.unwrap();
    assert_eq!((outcome.text(), outcome.elapsed()), ("done".to_owned(), ms(6_997)));
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_its_times_anew() {
    for (reply, each) in [
        (Wire::slow(|_| silent()), ms(3_000)),
        (Wire::new(|_| drip(1, ms(1_000))), ms(3_000)),
        (Wire::new(|_| drip(usize::MAX, ms(1_000))), ms(10_000)),
    ] {
        let began = Instant::now();
        let error = reply.patient(3, hurried()).run("go").await.unwrap_err();
        let waited = began.elapsed().saturating_sub(4 * each);
        assert_eq!((model_error(&error).kind(), reply.attempts()), (Kind::Timeout, 4));
        for (pause, most) in reply.pauses().iter().zip([500, 1000, 2000]) {
            assert!(about(ms(most)).contains(&pause.saturating_sub(each)), "{pause:?}");
        }
        assert!((ms(2_625)..=ms(3_503)).contains(&waited), "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_body_of_an_error_is_not_waited_for_as_long_as_an_answer() {
    // The status says what is wrong, and it is not a matter of time.
    let headers = [("retry-after", "1")];
    let slow = move |status| {
        let drip = stream::unfold((), |()| async {
            sleep(ms(1_000)).await;
            Some((Ok(Bytes::from_static(b" ")), ()))
        });
        reply(status, &headers, Body::new(drip))
    };
    for (status, kind) in [(401, Kind::Authentication), (400, Kind::Request)] {
        let wire = Wire::new(move |_| slow(status));
        let error = wire.patient(2, hurried()).run("go").await.unwrap_err();
        let error = model_error(&error);
        assert_eq!((error.kind(), error.status(), wire.attempts()), (kind, Some(status), 1));
    }
    let wire = Wire::new(move |attempt| if attempt == 1 { slow(529) } else { done() });
    assert_eq!(wire.patient(2, hurried()).run("go").await.unwrap().text(), "done");
    assert_eq!(wire.pauses(), [ms(3_000)]);
}

#[derive(Default)]
struct Saved(AtomicU32);

/// Save a number.
#[tool(write, inline)]
fn save(saved: &Saved, number: u32) -> u32 {
    saved.0.fetch_add(1, Relaxed);
    number
}

fn two_calls() -> Reply {
    let call = |id: &str, number: u32| json!({"type": "tool_use", "id": id, "name": "save", "input": {"number": number}});
    reply(200, &[], content(&json!([call("a", 1), call("b", 2)]), "tool_use"))
}

#[tokio::test(start_paused = true)]
async fn no_tool_runs_twice_because_the_next_answer_failed() {
    let wire = Wire::new(|attempt| match attempt {
        1 => two_calls(),
        2 => overloaded(),
        3 => reply(200, &[("content-length", "999")], "{\"content\":"),
        4 => reply(500, &[], ""),
        _ => done(),
    });
    let saves = Arc::new(Saved::default());
    let agent = wire.agent(3).tools(tools![save].with_state_arc(saves.clone()));
    let outcome = agent.run("go").await.unwrap();
    assert_eq!((outcome.text(), saves.0.load(Relaxed)), ("done".to_owned(), 2));
    let attempts: Vec<_> = outcome.timeline().turns().iter().map(|turn| turn.attempts).collect();
    assert_eq!(attempts, [1, 4]);
    let bodies = wire.bodies();
    assert_eq!(bodies.len(), 5);
    assert!(bodies[1..].iter().all(|body| *body == bodies[1]) && bodies[0] != bodies[1]);
    // Each turn has its retries anew, and each result stands once in the request.
    let asked: Value = serde_json::from_slice(&bodies[4]).unwrap();
    assert_eq!(asked["messages"][2]["content"].as_array().unwrap().len(), 2);
    saved(outcome.transcript());
}

#[tokio::test(start_paused = true)]
async fn after_the_last_attempt_a_chat_goes_on_where_it_was() {
    let wire = Wire::new(|attempt| match attempt {
        1 => two_calls(),
        2..5 => overloaded(),
        _ => done(),
    });
    let saves = Arc::new(Saved::default());
    let agent = wire.agent(2).tools(tools![save].with_state_arc(saves.clone()));
    let mut chat = agent.conversation(Transcript::default());
    let error = chat.send("go").await.unwrap_err();
    assert_eq!((model_error(&error).attempts(), wire.attempts()), (3, 4));
    assert_eq!(error.transcript(), chat.transcript());
    saved(chat.transcript());
    let outcome = chat.resume().await.unwrap();
    assert_eq!((outcome.text(), saves.0.load(Relaxed)), ("done".to_owned(), 2));
    assert_eq!(outcome.timeline().turns()[0].attempts, 1);
    let bodies = wire.bodies();
    assert!(bodies[1..].iter().all(|body| *body == bodies[1]));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_while_it_waits_asks_no_more() {
    let wire = Wire::new(|attempt| match attempt {
        1 => two_calls(),
        _ => reply(529, &[("retry-after", "30")], ""),
    });
    let saves = Arc::new(Saved::default());
    let agent = wire.agent(2).tools(tools![save].with_state_arc(saves.clone()));
    for (dropped_after, attempts) in [(ms(29_999), 2), (ms(30_001), 3), (ms(45_000), 3)] {
        wire.seen.lock().unwrap().clear();
        saves.0.store(0, Relaxed);
        let mut chat = agent.conversation(Transcript::default());
        timeout(dropped_after, chat.send("go")).await.unwrap_err();
        sleep(Duration::from_secs(600)).await;
        assert_eq!((wire.attempts(), saves.0.load(Relaxed)), (attempts, 2), "{dropped_after:?}");
        assert_eq!(chat.transcript().messages().len(), 3);
        saved(chat.transcript());
    }
}

/// A model of somebody else.
struct Flaky {
    errors: Box<dyn Fn(u32) -> Option<ModelError> + Send + Sync>,
    asked: Mutex<Vec<Instant>>,
}

impl Flaky {
    fn new(errors: impl Fn(u32) -> Option<ModelError> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { errors: Box::new(errors), asked: Mutex::default() })
    }

    async fn run(self: &Arc<Self>, retries: u32) -> Result<Outcome, RunError> {
        Agent::new(self.clone()).limits(Limits::default().with_retries(retries)).run("go").await
    }

    fn pauses(&self) -> Vec<Duration> {
        self.asked.lock().unwrap().windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

impl Model for Flaky {
    fn ask<'a>(&'a self, _: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        let mut asked = self.asked.lock().unwrap();
        asked.push(Instant::now());
        let error = (self.errors)(u32::try_from(asked.len()).unwrap());
        Box::pin(async { error.map_or_else(|| Ok(Response::new().with_text("done")), Err) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_model_of_ones_own_is_asked_again_by_the_same_rules() {
    use Kind::{Connection, Overloaded, RateLimited, Server, Timeout};
    const KINDS: [Kind; 15] = [
        Kind::Configuration,
        Kind::Request,
        Kind::TooLong,
        Kind::Authentication,
        Kind::Permission,
        Kind::Billing,
        Kind::NotFound,
        RateLimited,
        Overloaded,
        Server,
        Connection,
        Timeout,
        Kind::Unreadable,
        Kind::TooLarge,
        Kind::Other,
    ];
    for kind in KINDS {
        let flaky = Flaky::new(move |_| Some(ModelError::new("no").with_kind(kind)));
        let error = flaky.run(2).await.unwrap_err();
        let again = matches!(kind, RateLimited | Overloaded | Server | Connection | Timeout);
        let attempts = if again { 3 } else { 1 };
        assert_eq!(model_error(&error).attempts(), attempts, "{kind:?}");
        assert_eq!(flaky.asked.lock().unwrap().len(), attempts as usize, "{kind:?}");
        for (pause, most) in flaky.pauses().iter().zip([500, 1000]) {
            assert!(about(ms(most)).contains(pause), "{kind:?}: {pause:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_model_of_ones_own_says_when_and_whether_to_come_again() {
    let busy = || ModelError::new("busy").with_kind(Kind::Overloaded);
    let told = Flaky::new(move |attempt| {
        (attempt < 3).then(|| busy().with_retry_after(Duration::from_secs(attempt.into())))
    });
    let outcome = told.run(2).await.unwrap();
    assert_eq!((outcome.text(), told.pauses()), ("done".to_owned(), vec![ms(1_000), ms(2_000)]));
    assert!(outcome.timeline().to_string().contains("asked 3 times"));

    let never = Flaky::new(move |_| Some(busy().with_should_retry(false)));
    assert_eq!(model_error(&never.run(2).await.unwrap_err()).attempts(), 1);
    let yet =
        Flaky::new(|attempt| (attempt < 2).then(|| ModelError::new("odd").with_should_retry(true)));
    assert_eq!(yet.run(2).await.unwrap().timeline().turns()[0].attempts, 2);
}
