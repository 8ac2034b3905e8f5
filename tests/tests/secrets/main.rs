//! What must not be seen is seen nowhere: not in errors, logs, `Debug`, panics and recordings.

#![cfg(test)]

use agent_core::providers::Anthropic;
use agent_core::providers::anthropic::{Auth, PromptCache};
use agent_core::transport::{Body, Http, Recorder, Replayer, Timeouts};
use agent_core::{
    Agent, Conversation, Limits, ModelError, ModelErrorKind as Kind, Outcome, RunError,
    RunErrorKind, ToolChoice, Toolset, Transcript,
};
use agent_tests::support::server::{
    DATA, END_HEADERS, END_STREAM, End, HEADERS, SETTINGS, Server, answer, content, done, frame,
    whole,
};
use http::HeaderValue;
use std::error::Error;
use std::fmt::Debug;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use std::{fs, thread};
use tempfile::tempdir;
use tokio::io::AsyncWriteExt;
use tracing_subscriber::fmt::MakeWriter;

const KEY: &str = "sk-ant-api03-Q7zVnK2xLw9RtYb4Hc8JdMfPgS3eUa6oXiNv";
const EXTRA: &str = "xtra-Wm5ZkT8qDj2BhFy7CsRvN4pLgA9uEe3oIxKw";
/// It begins with another secret, and is written otherwise in JSON.
const LONGER: &str = "sk-ant-api03-Q7zVnK2xLw9RtYb4Hc8JdMfPgS3eUa6oXiNv/Zd4+\"J6\\tGm1QbYc8HsPf";

/// So many letters of a secret in a row do not come about by chance.
const PIECE: usize = 6;

/// What is logged in this process, and how much of it was looked at.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<(Vec<u8>, usize)>>);

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
    lines.with_writer(log.clone()).with_ansi(false).init();
    log
});

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().0.clone()).unwrap()
    }

    /// Fails if a piece of a secret was logged since the last look.
    fn assert_unseen(&self) {
        let new = {
            let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (log, seen) = &mut *log;
            // A record comes as a whole.
            let new = log[*seen..].to_vec();
            *seen = log.len();
            new
        };
        assert_unseen("the log", &String::from_utf8(new).unwrap());
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The text without what JSON and `Debug` write letters as.
fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..4).and_then(|code| u32::from_str_radix(code, 16).ok());
        match code.and_then(char::from_u32) {
            Some(letter) => plain.extend([letter.to_string().as_str(), &part[4..]]),
            None => plain.extend(["\\u", part]),
        }
    }
    plain.replace('\\', "")
}

/// Fails if a piece of a secret stands in a text.
#[track_caller]
fn assert_unseen(place: &str, text: &str) {
    let plain = unescaped(text);
    for secret in [KEY, EXTRA, LONGER] {
        let secret = secret.trim_start_matches("sk-ant-api03-").trim_start_matches("xtra-");
        let secret = secret.replace('\\', "");
        for at in 0..=secret.len() - PIECE {
            let piece = &secret[at..at + PIECE];
            assert!(!text.contains(piece) && !plain.contains(piece), "{piece} in {place}: {plain}");
        }
    }
}

#[track_caller]
fn assert_debug_unseen(place: &str, value: &dyn Debug) {
    assert_unseen(place, &format!("{value:?}"));
    assert_unseen(place, &format!("{value:#?}"));
}

#[track_caller]
fn assert_error_unseen(place: &str, error: &(dyn Error + 'static)) {
    let mut next = Some(error);
    while let Some(error) = next {
        assert_unseen(place, &error.to_string());
        assert_debug_unseen(place, &error);
        next = error.source();
    }
}

fn hurried() -> Timeouts {
    Timeouts::default().first_byte(Duration::from_millis(300)).idle(Duration::from_millis(300))
}

/// The model in all ways in which secrets are sent.
fn models(url: &str) -> [Anthropic; 4] {
    let model = |key: &str| Anthropic::new("claude-test", key).base_url(url).timeouts(hurried());
    [
        model(KEY).auth(Auth::Bearer).header("x-extra", EXTRA),
        model(KEY).auth(Auth::ApiKey).header("x-extra", EXTRA),
        model(KEY).auth(Auth::ApiKey).header("proxy-authorization", format!("Basic {EXTRA}")),
        model(LONGER).auth(Auth::Bearer).header("x-extra", KEY),
    ]
}

/// A client that keeps no connections, as the servers here do not.
fn single_use() -> Http {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    Http::from(client.pool_max_idle_per_host(0).build().unwrap())
}

/// Runs, and looks at all that is left of it.
async fn chat(place: &str, model: Anthropic, retries: u32) -> Result<Outcome, RunError> {
    LazyLock::force(&LOG);
    assert_debug_unseen(place, &model);
    let agent = Agent::new(model).limits(Limits::default().with_retries(retries));
    let mut chat = agent.conversation(Transcript::default());
    let ended = chat.send("go").await;
    look_at(place, &agent, &chat, &ended);
    ended
}

fn look_at(place: &str, agent: &Agent, chat: &Conversation, ended: &Result<Outcome, RunError>) {
    assert_debug_unseen(place, agent);
    assert_debug_unseen(place, chat);
    assert_debug_unseen(place, ended);
    assert_debug_unseen(place, chat.transcript());
    assert_unseen(place, &serde_json::to_string(chat.transcript()).unwrap());
    let timeline = match ended {
        Ok(outcome) => {
            assert_debug_unseen(place, outcome.end());
            assert_debug_unseen(place, &outcome.usage());
            assert_debug_unseen(place, &outcome.response());
            outcome.timeline()
        }
        Err(error) => {
            assert_error_unseen(place, error);
            assert_debug_unseen(place, error.kind());
            assert_model_error_unseen(place, model_error(error));
            error.timeline()
        }
    };
    assert_debug_unseen(place, &timeline);
    assert_unseen(place, &timeline.to_string());
    LOG.assert_unseen();
}

fn assert_model_error_unseen(place: &str, error: &ModelError) {
    assert_error_unseen(place, error);
    let texts = [error.body(), error.name(), error.code(), error.request_id()];
    texts.into_iter().flatten().for_each(|text| assert_unseen(place, text));
    assert_debug_unseen(place, &(error.kind(), error.status(), error.retry_after()));
}

fn model_error(error: &RunError) -> &ModelError {
    let RunErrorKind::Model(error) = error.kind() else { panic!("{error:?}") };
    error
}

/// A server that answers with what it makes of the head of the request.
fn echo(answer: impl Fn(&str) -> Vec<u8> + Clone + Send + 'static) -> Server {
    Server::new(move |mut peer| {
        let answer = answer.clone();
        async move {
            let head = peer.request().await?;
            peer.stream.write_all(&answer(&head)).await?;
            peer.end(End::Close).await
        }
    })
}

/// Asks with each of the models, and counts how often it was no response.
async fn refused(
    place: &str,
    kind: Kind,
    answer: impl Fn(&str) -> Vec<u8> + Clone + Send + 'static,
) {
    let server = echo(answer);
    let http = single_use();
    for model in models(&server.url()) {
        let error = chat(place, model.transport(http.clone()), 0).await.unwrap_err();
        assert_eq!(model_error(&error).kind(), kind, "{place}: {error:?}");
    }
    assert_eq!(server.requests(), 4, "{place}");
}

/// The secrets in the head of a request, in several neighbourhoods.
fn sent(head: &str) -> String {
    let secrets = [LONGER, KEY, EXTRA].into_iter().filter(|secret| head.contains(secret));
    let secrets: Vec<_> = secrets.collect();
    let each = secrets.iter().map(|it| format!("{it} Bearer {it}, \"{it}\";{it}&"));
    each.chain([secrets.concat()]).collect()
}

/// How JSON may write it, with every letter escaped.
fn escaped(text: &str) -> String {
    text.encode_utf16().fold(String::new(), |text, unit| format!("{text}\\u{unit:04x}"))
}

fn as_json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[tokio::test]
async fn the_log_has_what_all_libraries_say_and_no_secret() {
    let server = Server::saying(whole("200 OK", content("", "end_turn")), End::Close);
    for model in models(&server.url()) {
        chat("success", model, 0).await.unwrap();
    }
    let busy = echo(|head| whole("529 No", sent(head)));
    let [model, ..] = models(&busy.url());
    chat("retry", model.prompt_cache(PromptCache::Off), 1).await.unwrap_err();
    let log = LOG.text();
    for said in ["reqwest::connect", "hyper_util::client", "the model is asked again"] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(log.lines().filter(|line| line.contains("TRACE")).count() > 10, "{log}");
}

#[tokio::test]
async fn what_a_server_repeats_is_blotted_out() {
    let failed = |message: String| {
        whole("500 No", format!(r#"{{"error":{{"type":"api_error","message":{message}}}}}"#))
    };
    let both = |head: &str| format!("{head} {}", sent(head));
    refused("a text", Kind::Authentication, move |head| whole("401 No", both(head))).await;
    refused("a message", Kind::Server, move |head| failed(as_json(&both(head)))).await;
    let letters = |text: String| format!("\"{}\"", escaped(&text));
    refused("escapes", Kind::Server, move |head| failed(letters(both(head)))).await;
    let slashes = |text: String| as_json(&text).replace('/', "\\/");
    refused("slashes", Kind::Server, move |head| failed(slashes(both(head)))).await;
    refused("all facts", Kind::Server, move |head| {
        let [text, escaped] = [as_json(&sent(head)), letters(sent(head))];
        let facts = format!(
            r#"{{"error":{{"type":{text},"message":{escaped},"details":{{"error_code":{escaped}}}}},
            "request_id":{text}}}"#
        );
        whole("500 No", facts)
    })
    .await;
    refused("garbage", Kind::Unreadable, |head| whole("200 OK", head)).await;
    refused("json", Kind::Unreadable, |head| whole("200 OK", as_json(&sent(head)))).await;
    refused("an ill-typed answer", Kind::Unreadable, |head| {
        let text = as_json(&sent(head));
        whole("200 OK", format!(r#"{{{text}:0,"content":{text}}}"#))
    })
    .await;
    refused("an error of success", Kind::Overloaded, |head| {
        let text = as_json(&sent(head));
        whole("200 OK", format!(r#"{{"error":{{"type":"overloaded_error","message":{text}}}}}"#))
    })
    .await;
}

#[tokio::test]
async fn what_a_server_repeats_in_headers_is_blotted_out() {
    let with = |status: &'static str, header: String| {
        move |head: &str| {
            let header = header.replace('?', &sent(head));
            answer(status, &format!("{header}\r\ncontent-length: 0\r\n"), "")
        }
    };
    for before in ["http://127.0.0.1:1/", &"x".repeat(570), &"x".repeat(595)] {
        for status in ["301 No", "307 No", "308 No"] {
            let to = format!("location: {before}?");
            refused("a redirect", Kind::Configuration, with(status, to)).await;
        }
        let kind = format!("content-type: {before}?");
        refused("a type", Kind::Unreadable, with("200 OK", kind)).await;
        let id = format!("request-id: {before}?");
        refused("an id", Kind::Unreadable, with("200 OK", id)).await;
    }
    for name in ["request-id", "x-request-id", "retry-after", "retry-after-ms", "x-should-retry"] {
        refused(name, Kind::Server, with("500 No", format!("{name}: ?"))).await;
    }
    refused("a broken name", Kind::Connection, with("200 OK", "? ?: x".to_owned())).await;
    refused("a reason", Kind::Server, |head| {
        answer(&format!("500 {}", sent(head)), "content-length: 0\r\n", "")
    })
    .await;
    refused("a broken status", Kind::Connection, |head| sent(head).into_bytes()).await;
    refused("a broken chunk", Kind::Connection, |head| {
        answer("200 OK", "transfer-encoding: chunked\r\n", sent(head))
    })
    .await;
    refused("an encoding", Kind::Unreadable, with("200 OK", "content-encoding: ?".to_owned()))
        .await;

    let server = echo(|head| answer("200 OK", &format!("request-id: {}\r\n", sent(head)), done()));
    for model in models(&server.url()) {
        let outcome = chat("an id of success", model, 0).await.unwrap();
        let id = outcome.response().unwrap().origin().unwrap().request_id.clone();
        assert!(id.unwrap().contains("[secret]"));
    }
}

#[tokio::test]
async fn no_cut_leaves_a_piece_of_a_secret() {
    // What is kept of a body, what is read of it, and what is said of it in one line.
    let cuts = [600, 4 << 10, 64 << 10];
    let http = single_use();
    for secret in [KEY, EXTRA] {
        let server = echo(move |head| {
            let mut path = head.split('/').skip(1);
            let [length, fill] = [path.next().unwrap(), path.next().unwrap()];
            let fill = if fill == "blank" { " " } else { "=" };
            whole("500 No", format!("{}{secret}{secret}", fill.repeat(length.parse().unwrap())))
        });
        for cut in cuts {
            for before in (1..secret.len() + 2).step_by(3) {
                for fill in ["line", "blank"] {
                    let url = format!("{}/{}/{fill}", server.url(), cut - before);
                    let [model, ..] = models(&url);
                    let place = format!("{before} bytes before {cut}, {fill}");
                    let error = chat(&place, model.transport(http.clone()), 0).await.unwrap_err();
                    assert_eq!(model_error(&error).kind(), Kind::Server);
                }
            }
        }
    }
}

#[tokio::test]
async fn no_cut_within_an_escape_leaves_a_piece_of_a_secret() {
    let (escape, http) = (escaped(KEY), single_use());
    for before in (1..escape.len() + 6).step_by(5) {
        let body = format!("{}{escape}", " ".repeat((64 << 10) - before));
        let server = echo(move |_| whole("500 No", &body));
        let [model, ..] = models(&server.url());
        let model = model.transport(http.clone());
        let error = chat(&format!("{before} before"), model, 0).await.unwrap_err();
        let body = model_error(&error).body().unwrap();
        assert!(body.len() <= 4 << 10, "{}", body.len());
    }
}

#[tokio::test]
async fn many_secrets_shrink_and_show_nothing_of_the_last() {
    let http = single_use();
    for length in 0..KEY.len() {
        let text = format!("{}{}", " ".repeat(length), KEY.repeat(3_000));
        let server = echo(move |_| whole("500 No", &text));
        let [model, ..] = models(&server.url());
        chat("many", model.transport(http.clone()), 0).await.unwrap_err();
    }
}

#[tokio::test]
async fn no_connection_no_answer_and_half_an_answer_show_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    for scheme in ["http", "https"] {
        for model in models(&format!("{scheme}://{closed}")) {
            let error = chat("refused", model, 0).await.unwrap_err();
            assert_eq!(model_error(&error).kind(), Kind::Connection);
        }
    }
    let silent = Server::saying(vec![], End::Hold);
    let half = echo(|head| {
        let whole = whole("200 OK", sent(head));
        whole[..whole.len() - 10].to_vec()
    });
    let plain = Server::new(|mut peer| async move { peer.stream.write_all(KEY.as_bytes()).await });
    let tls = plain.url().replace("http:", "https:");
    for (url, kind) in
        [(silent.url(), Kind::Timeout), (half.url(), Kind::Connection), (tls, Kind::Configuration)]
    {
        for model in models(&url) {
            let error = chat(&url, model, 0).await.unwrap_err();
            assert_eq!(model_error(&error).kind(), kind, "{error:?}");
        }
    }
    let log = LOG.text();
    assert!(log.contains("rustls"), "{log}");
}

#[tokio::test]
async fn nothing_is_seen_over_http2() {
    let settings = || frame(SETTINGS, 0, 0, &[]);
    // `:status: 401` in letters.
    let head = frame(HEADERS, END_HEADERS, 1, b"\x08\x03401");
    // All of them send this one, some as the beginning of another.
    let echo = [settings(), head, frame(DATA, END_STREAM, 1, KEY.as_bytes())].concat();
    let reset = [settings(), frame(3, 0, 1, &[0, 0, 0, 2])].concat();
    for (bytes, kind) in [(echo, Kind::Authentication), (reset, Kind::Connection)] {
        let server = Server::new(move |mut peer| {
            let bytes = bytes.clone();
            async move {
                peer.request2().await?;
                peer.stream.write_all(&bytes).await?;
                peer.end(End::Hold).await
            }
        });
        for model in models(&server.url()) {
            let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
            let error = chat("http2", model.client(client), 0).await.unwrap_err();
            assert_eq!(model_error(&error).kind(), kind, "{error:?}");
        }
    }
    let log = LOG.text();
    assert!(log.contains("h2::codec") && log.contains("Headers"), "{log}");
}

#[tokio::test]
async fn settings_that_do_not_do_are_told_without_the_secret() {
    let model = |key: &str| Anthropic::new("claude-test", key).base_url("http://127.0.0.1:1");
    let user = format!("https://user:{KEY}@api.example");
    for (place, model) in [
        ("two lines", model(&format!("{KEY}\n{EXTRA}"))),
        ("a null", model(&format!("{KEY}\0{EXTRA}"))),
        ("a header of two lines", model(KEY).header("x-extra", format!("{EXTRA}\r\nx: {KEY}"))),
        ("a header with a bell", model(KEY).header("x-extra", format!("{EXTRA}\u{7}{KEY}"))),
        ("a header without a name", model(KEY).header("x extra", EXTRA)),
        ("a query", model(KEY).base_url(format!("https://api.example/?key={KEY}"))),
        ("a user", model(KEY).base_url(&user)),
        ("no address", model(KEY).base_url(format!("https://[{KEY}"))),
        ("another scheme", model(KEY).base_url(format!("file://{KEY}"))),
    ] {
        let error = chat(place, model, 2).await.unwrap_err();
        assert_eq!(model_error(&error).kind(), Kind::Configuration, "{place}: {error:?}");
    }
}

#[tokio::test]
async fn a_key_from_a_variable_is_sent_without_the_end_of_its_line() {
    let server = echo(|head| {
        let sent = format!("authorization: Bearer {KEY}\r\n");
        let status = if head.contains(&sent) { "200 OK" } else { "401 No" };
        whole(status, content("", "end_turn"))
    });
    let url = format!(" {}/\n", server.url());
    for key in [KEY.to_owned(), format!("{KEY}\n"), format!("\t{KEY}\r\n ")] {
        let vars = |name: &str| match name {
            "ANTHROPIC_API_KEY" => Some(key.clone()),
            "ANTHROPIC_BASE_URL" => Some(url.clone()),
            _ => None,
        };
        let model = Anthropic::from_vars("claude-test", vars).unwrap();
        chat("from variables", model, 0).await.unwrap();
    }
    let error = Anthropic::from_vars("m", |name| (name == "KEY").then(|| KEY.into())).unwrap_err();
    assert_error_unseen("no key", &error);
    assert!(error.to_string().contains("ANTHROPIC_API_KEY"), "{error}");
}

#[tokio::test]
async fn recordings_hold_no_secret() {
    let folder = tempdir().unwrap();
    let answers: [fn(&str) -> Vec<u8>; 5] = [
        |head| answer("200 OK", &format!("request-id: {}\r\n", sent(head)), done()),
        |head| whole("401 No", format!("{head} {}", sent(head))),
        |head| whole("500 No", as_json(&sent(head))),
        |head| whole("500 No", escaped(&sent(head))),
        |head| whole("200 OK", sent(head)),
    ];
    for answer in answers {
        for model in models(&echo(answer).url()) {
            let recorder = Recorder::new(folder.path(), Http::new(hurried()).unwrap()).unwrap();
            assert_debug_unseen("recorder", &recorder);
            _ = chat("recorded", model.transport(recorder), 0).await;
        }
    }
    for model in models("http://127.0.0.1:1") {
        let recorder = Recorder::new(folder.path(), Http::new(hurried()).unwrap()).unwrap();
        chat("nobody recorded", model.transport(recorder), 0).await.unwrap_err();
    }
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 24);
    for file in &files {
        assert_unseen("a recording", &fs::read_to_string(file.path()).unwrap());
    }
    let replayer = Arc::new(Replayer::open(folder.path()).unwrap());
    for model in models("http://127.0.0.1:1") {
        chat("replayed", model.transport(replayer.clone()), 0).await.unwrap();
    }
    assert_debug_unseen("replayer", &replayer);
}

#[test]
fn no_type_shows_a_secret_in_debug() {
    let mut headers = http::HeaderMap::new();
    headers.insert("x-extra", HeaderValue::from_static(EXTRA));
    let client = reqwest::Client::builder().default_headers(headers).build().unwrap();
    let http = Http::from(client.clone());
    assert_debug_unseen("http", &http);
    for model in models("https://api.example") {
        let model = model.client(client.clone());
        assert_debug_unseen("model", &model);
        let agent = Agent::new(model).tool_choice(ToolChoice::None).system("Be brief.");
        assert_debug_unseen("agent", &agent);
        assert_debug_unseen("conversation", &agent.conversation(Transcript::default()));
    }
    let all: [&dyn Debug; 6] = [
        &Timeouts::default(),
        &Limits::default(),
        &Auth::Bearer,
        &PromptCache::Off,
        &Toolset::default(),
        &Body::from(KEY),
    ];
    for value in all {
        assert_debug_unseen("a type", value);
    }
}

/// What a panic with this error says, also to whoever catches it.
fn panic_text<T: Debug, E: Debug>(result: Result<T, E>) -> String {
    let said = Arc::<Mutex<String>>::default();
    let hears = said.clone();
    let (hook, here) = (take_hook(), thread::current().id());
    set_hook(Box::new(move |info| {
        // Other tests panic meanwhile.
        if thread::current().id() == here {
            *hears.lock().unwrap() += &info.to_string();
        }
    }));
    let caught = catch_unwind(AssertUnwindSafe(|| result.unwrap())).unwrap_err();
    set_hook(hook);
    let text = said.lock().unwrap().clone();
    format!("{text} {}", caught.downcast_ref::<String>().unwrap())
}

#[tokio::test]
async fn a_panic_with_an_error_shows_no_secret() {
    let server = echo(|head| whole("401 No", format!("{head} {}", sent(head))));
    for model in models(&server.url()) {
        let ended = chat("panic", model, 0).await;
        let text = thread::spawn(|| panic_text(ended)).join().unwrap();
        assert!(text.contains("the key was refused") && text.contains("[secret]"), "{text}");
        assert_unseen("a panic", &text);
    }
}

/// That the search finds what there is.
#[test]
fn a_piece_of_a_secret_is_found() {
    let found = |text: String| catch_unwind(|| assert_unseen("a test", &text)).is_err();
    let shown = [&KEY[20..26], &EXTRA[EXTRA.len() - 6..]];
    assert!(shown.iter().all(|text| found(format!("x{text}x"))));
    assert!(found(escaped(KEY)) && found(as_json(LONGER)) && found(format!("{LONGER:?}")));
    assert!(!found(format!("{} {}", &KEY[20..25], &KEY[..13])));
}
