//! Resources and keys: which calls wait for which, by what their tools declare.

use agent_core::CallStatus::{Completed, Failed};
use agent_core::{
    Access, Agent, Claims, Content, ContentBlock, DynamicTool, Key, Keys, Limits, Lock, Outcome,
    Response, ScriptedModel, ToolCall, ToolContext, Toolset, ToolsetError, tool, tools,
};
use agent_tests::support::{ms, once, spans, statuses, texts};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::{fs, io};
use tokio::time::sleep;

/// The calls of a response: a tool and its arguments each.
fn response<'a>(calls: impl IntoIterator<Item = (&'a str, Value)>) -> Response {
    calls.into_iter().fold(Response::new(), |response, (name, arguments)| {
        response.call(name, arguments.to_string())
    })
}

async fn run<'a>(
    tools: impl Into<Toolset>,
    calls: impl IntoIterator<Item = (&'a str, Value)>,
) -> Outcome {
    Agent::new(once(response(calls))).tools(tools.into()).run("go").await.unwrap()
}

/// Whether the second of two calls, which take 100 and 50 ms, waits for the first.
fn second_waits(spans: &[(u64, u64)]) -> bool {
    match spans {
        [(0, 100), (100, 150)] => true,
        [(0, 100), (0, 50)] => false,
        other => panic!("{other:?}"),
    }
}

async fn nap(milliseconds: u64) {
    sleep(ms(milliseconds)).await;
}

/// The parts of one resource, each touched for some time.
mod part {
    use agent_core::tool;
    use std::time::Duration;

    /// Read a part.
    #[tool(read(part = key))]
    pub(crate) async fn read(key: &str, ms: u64) -> String {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        key.to_owned()
    }

    /// Write a part.
    #[tool(write(part = key))]
    pub(crate) async fn write(key: &str, ms: u64) -> String {
        read(key, ms).await
    }
}

/// One tool for each way to declare what it touches.
mod declared {
    use agent_core::tool;
    use std::path::PathBuf;
    use std::time::Duration;

    pub(crate) struct Cell;

    macro_rules! tools {
        ($($options:tt $name:ident($($param:ident: $ty:ty),*);)*) => {
            $(
                #[doc = "Touch it for some time."]
                #[tool $options]
                pub(crate) async fn $name($($param: $ty,)* ms: u64) {
                    $(_ = $param;)*
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                }
            )*
        };
    }

    tools! {
        (read) read();
        (pure) pure();
        (write) write();
        (read("r")) read_r();
        (write("r")) write_r();
        (read(r = key)) read_part(key: &str);
        (write(r = key)) write_part(key: &str);
        (read("s")) read_s();
        (write("s")) write_s();
        (read(file = path)) read_path(path: PathBuf);
        (write(file = path)) write_path(path: PathBuf);
        (read) see(cell: &Cell);
        () change(cell: &mut Cell);
        (read) read_change(cell: &mut Cell);
        (pure) pure_see(cell: &Cell);
    }
}

fn declared() -> Toolset {
    use declared::{
        Cell, change, pure, pure_see, read, read_change, read_part, read_path, read_r, read_s, see,
        write, write_part, write_path, write_r, write_s,
    };
    let list = tools![
        change,
        pure,
        pure_see,
        read,
        read_change,
        read_part,
        read_path,
        read_r,
        read_s,
        see,
        write,
        write_part,
        write_path,
        write_r,
        write_s
    ];
    list.with_state(Lock::new(Cell))
}

/// For each two declarations whether the second call waits for the first: `x`, it does; `o`, only
/// within one run; `.`, it does not. It is the same the other way round.
const TABLE: &str = "
    read             .
    pure             . .
    write            o . x
    read_r           . . x .
    write_r          o . x x x
    read_part a      . . x . x .
    write_part a     o . x x x x x
    read_part b      . . x . x . . .
    write_part b     o . x x x . . x x
    read_s           . . x . . . . . . .
    write_s          o . x . . . . . . x x
    read_path d      . . x . . . . . . . . .
    write_path d     o . x . . . . . . . . x x
    read_path d/x    . . x . . . . . . . . . x .
    write_path d/x   o . x . . . . . . . . x x x x
    write_path d/y   o . x . . . . . . . . x x . . x
    see              . . o . o . o . o . o . o . o o .
    change           . . . . . . . . . . . . . . . . x x
    read_change      . . o . o . o . o . o . o . o o x x x
    pure_see         . . . . . . . . . . . . . . . . . x x .
";

/// The lines of the table: a tool with its key, and the marks.
fn table() -> Vec<(&'static str, Value, Vec<&'static str>)> {
    let lines = TABLE.trim().lines();
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap();
            let mut marks: Vec<_> = words.collect();
            let key = match name.rsplit_once('_') {
                Some((_, kind @ ("part" | "path"))) => Some((kind, marks.remove(0))),
                _ => None,
            };
            let arguments = match key {
                Some(("part", key)) => json!({"key": key}),
                Some((kind, key)) => json!({kind: key}),
                None => json!({}),
            };
            (name, arguments, marks)
        })
        .collect()
}

fn taking(ms: u64, mut arguments: Value) -> Value {
    arguments["ms"] = ms.into();
    arguments
}

#[tokio::test(start_paused = true)]
async fn of_two_calls_the_second_waits_where_the_table_says_so() {
    let (tools, table) = (declared(), table());
    for (row, (one, one_key, marks)) in table.iter().enumerate() {
        assert_eq!(marks.len(), row + 1);
        for ((other, other_key, _), mark) in table.iter().zip(marks) {
            let one = (*one, one_key);
            let other = (*other, other_key);
            for ((first, first_key), (second, second_key)) in [(one, other), (other, one)] {
                let first = (first, taking(100, first_key.clone()));
                let second = (second, taking(50, second_key.clone()));
                let case = format!("{first:?} and then {second:?}");

                let in_one = run(tools.clone(), [first.clone(), second.clone()]).await;
                assert_eq!(second_waits(&spans(&in_one)), *mark != ".", "in one run: {case}");

                let (first, second) =
                    tokio::join!(run(tools.clone(), [first]), run(tools.clone(), [second]));
                let in_two = [spans(&first), spans(&second)].concat();
                assert_eq!(second_waits(&in_two), *mark == "x", "in two runs: {case}");
            }
        }
    }
}

/// Two calls of which the second waits for the first, or not, and so the other way round.
async fn waits(tools: &Toolset, one: (&str, Value), other: (&str, Value)) -> bool {
    let wait = async |first: &(&str, Value), second: &(&str, Value)| {
        let first = (first.0, taking(100, first.1.clone()));
        let second = (second.0, taking(50, second.1.clone()));
        second_waits(&spans(&run(tools.clone(), [first, second]).await))
    };
    let there = wait(&one, &other).await;
    assert_eq!(wait(&other, &one).await, there, "{one:?} and {other:?}");
    there
}

#[tokio::test(start_paused = true)]
async fn paths_meet_where_one_lies_in_the_other_by_its_letters() {
    let here = std::env::current_dir().unwrap();
    let (here, name) = (here.to_str().unwrap(), here.file_name().unwrap().to_str().unwrap());
    let tools = declared();
    for (one, other, expected) in [
        ("b", "b", true),
        ("b", "./b", true),
        ("b", "b/", true),
        ("b", "b/.", true),
        ("b", "a/../b", true),
        ("b", "a/../../b", false),
        ("b", &format!("{here}/b"), true),
        ("b", &format!("{here}//b"), true),
        ("b", &format!("../{name}/b"), true),
        ("b", "b/c/d", true),
        ("b", ".", true),
        ("b", "", true),
        ("b", "/", true),
        ("b", here, true),
        ("b", "..", true),
        ("b", "bc", false),
        ("b", "c/b", false),
        ("b", "/b", false),
        ("b", "~/b", false),
        // Case is not seen, nor are the two ways to write an accent.
        ("b", "B", false),
        ("\u{e9}", "e\u{301}", false),
        ("\u{65e5}\u{672c}", "\u{65e5}\u{672c}/\u{8a9e}.md", true),
        ("a b/c", "a b", true),
        ("/../../b", "/b", true),
        ("b/...", "b/..", true),
        ("b/...", "b/.../c", true),
        ("b/...", "b/c", false),
    ] {
        let paths = [("read_path", json!({"path": one})), ("write_path", json!({"path": other}))];
        let [one, other] = paths;
        assert_eq!(waits(&tools, one.clone(), other.clone()).await, expected, "{one:?} {other:?}");
    }
}

/// Read a part.
#[tool(read(part = number))]
async fn numbered(number: u64, ms: u64) -> u64 {
    nap(ms).await;
    number
}

#[tokio::test(start_paused = true)]
async fn plain_keys_meet_where_their_texts_are_equal() {
    let tools = Toolset::from(tools![part::write, numbered]);
    for (text, expected) in
        [("7", true), ("8", false), ("07", false), (" 7", false), ("", false), ("7.0", false)]
    {
        let write = ("write", json!({"key": text}));
        assert_eq!(
            waits(&tools, write, ("numbered", json!({"number": 7}))).await,
            expected,
            "{text}"
        );
    }
}

/// Copy files into one.
#[tool(read(file = from), write(file = into))]
async fn join(from: &[PathBuf], into: PathBuf, ms: u64) -> usize {
    nap(ms).await;
    from.iter().filter(|path| **path == into).count()
}

#[tokio::test(start_paused = true)]
async fn a_list_has_one_key_for_each_of_its_items() {
    let tools = declared().and(tools![join]).unwrap();
    let joined = ("join", json!({"from": ["a", "b/c"], "into": "d"}));
    for (other, expected) in [
        (("read_path", "a"), false),
        (("write_path", "a"), true),
        (("write_path", "b"), true),
        (("write_path", "b/d"), false),
        (("read_path", "d"), true),
        (("write_path", "e"), false),
    ] {
        let (name, path) = other;
        let waits = waits(&tools, joined.clone(), (name, json!({"path": path}))).await;
        assert_eq!(waits, expected, "{other:?}");
    }
    let turned = ("join", json!({"from": ["d"], "into": "a"}));
    assert!(waits(&tools, joined.clone(), turned).await);
    let beside = ("join", json!({"from": ["a", "b/c"], "into": "e"}));
    assert!(!waits(&tools, joined, beside).await);
    // A call does not wait for itself, however often it names a file.
    let often = ("join", json!({"from": ["a", "a", "."], "into": "a"}));
    assert!(waits(&tools, often.clone(), often).await);
}

/// Write to files.
#[tool(write(file = into))]
async fn write_all(into: Vec<PathBuf>, ms: u64) -> usize {
    nap(ms).await;
    into.len()
}

/// Count all files.
#[tool(read("file"))]
async fn count_all(ms: u64) -> u64 {
    nap(ms).await;
    ms
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_touches_no_part_and_still_counts_as_a_write() {
    let tools = declared().and(tools![write_all, count_all]).unwrap();
    let none = ("write_all", json!({"into": []}));
    assert!(!waits(&tools, none.clone(), ("write_path", json!({"path": "a"}))).await);
    assert!(!waits(&tools, none.clone(), none.clone()).await);
    for other in ["count_all", "read", "write"] {
        assert!(waits(&tools, none.clone(), (other, json!({}))).await, "{other}");
    }
}

/// Write an order, or all of them.
#[tool(write(order = id))]
async fn put(id: Option<u64>, ms: u64) -> bool {
    nap(ms).await;
    id.is_some()
}

/// Write the orders with these numbers in their texts.
#[tool(write(order = ids.iter().map(|id| id.parse().ok()).collect::<Vec<Option<u64>>>()))]
async fn put_texts(ids: Vec<String>, ms: u64) -> usize {
    nap(ms).await;
    ids.len()
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_given_is_the_whole_resource() {
    let tools = Toolset::from(tools![put, put_texts, part::write]);
    let put = |id: Value| ("put", json!({"id": id}));
    assert!(!waits(&tools, put(json!(1)), put(json!(2))).await);
    assert!(waits(&tools, put(json!(1)), put(Value::Null)).await);
    assert!(waits(&tools, put(json!(1)), ("put", json!({}))).await);
    assert!(!waits(&tools, put(Value::Null), ("write", json!({"key": "1"}))).await);

    let texts = |ids: &[&str]| ("put_texts", json!({"ids": ids}));
    assert!(!waits(&tools, put(json!(1)), texts(&["2", "3"])).await);
    assert!(waits(&tools, put(json!(1)), texts(&["2", "01"])).await);
    assert!(waits(&tools, put(json!(1)), texts(&["2", "three"])).await);
}

#[derive(Deserialize, JsonSchema)]
struct Order {
    customer: Customer,
    lines: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Customer {
    name: String,
}

const EVERYBODY: &str = "everybody";

/// Place an order. All ways to write a key, and all names that the macro uses itself.
#[tool(
    write(customer = cx.customer.name, "log", item = cx.lines[0], item = a0, call = s0.id()),
    read(customer = EVERYBODY, "my-file" = key0.join("x"), day = mut_.len() + 1, real = key0.canonicalize().ok())
)]
#[allow(clippy::too_many_arguments, reason = "all ways to write a key")]
async fn key1(
    state: &declared::Cell,
    cx: Order,
    a0: Cow<'_, str>,
    s0: ToolContext,
    key0: PathBuf,
    mut mut_: Vec<u8>,
    ms: u64,
) -> usize {
    let _: &declared::Cell = state;
    _ = (s0, key0);
    mut_.push(0);
    nap(ms).await;
    cx.customer.name.len() + cx.lines.len() + a0.len() + mut_.len()
}

#[tokio::test(start_paused = true)]
async fn a_key_is_any_expression_of_the_arguments() {
    let tools = tools![key1].with_state(declared::Cell);
    let call = |name: &str, line: &str, a0: &str| {
        let order = json!({"customer": {"name": name}, "lines": [line]});
        ("key1", json!({"cx": order, "a0": a0, "key0": "p", "mut_": [1, 2], "ms": 10}))
    };
    let outcome = run(tools, [call("a", "x", "y"), call("a", "x", "y")]).await;
    assert_eq!(texts(outcome.transcript()), ["6", "6"]);
    // Both write all of the log.
    assert_eq!(spans(&outcome), [(0, 10), (10, 20)]);
}

#[tokio::test(start_paused = true)]
async fn a_key_and_borrowed_state_add_up() {
    /// Write a part and change the cell.
    #[tool(write(r = key))]
    async fn both(cell: &mut declared::Cell, key: &str, ms: u64) -> usize {
        let _: &mut declared::Cell = cell;
        nap(ms).await;
        key.len()
    }
    /// Write a part and read what has no name.
    #[tool(read, write(r = key))]
    async fn more(key: &str, ms: u64) -> usize {
        nap(ms).await;
        key.len()
    }
    let tools = {
        use declared::{Cell, change, pure_see, read, write_part, write_s};
        tools![both, more, change, pure_see, read, write_part, write_s].with_state(Lock::new(Cell))
    };
    let (a, b, none) = (json!({"key": "a"}), json!({"key": "b"}), json!({}));
    for (one, other, other_key, expected) in [
        ("both", "both", &b, true),
        ("both", "change", &none, true),
        ("both", "pure_see", &none, true),
        ("both", "write_part", &a, true),
        ("both", "write_part", &b, false),
        ("both", "write_s", &none, false),
        ("both", "read", &none, true),
        ("more", "both", &b, true),
        ("more", "write_s", &none, true),
        ("more", "write_part", &b, true),
        ("more", "pure_see", &none, false),
        ("more", "read", &none, true),
    ] {
        let waits = waits(&tools, (one, a.clone()), (other, other_key.clone())).await;
        assert_eq!(waits, expected, "{one}(a) and {other}({other_key})");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_arguments_do_not_parse_claims_no_key() {
    let calls = [
        ("write", json!({"key": "a", "ms": "long"})),
        ("write", json!({"key": "a", "ms": 10})),
        ("read", json!({"key": 1, "ms": 10})),
        ("write", json!({"key": "a", "ms": 10})),
    ];
    let outcome = run(tools![part::read, part::write], calls).await;
    let timeline = outcome.timeline();
    let started: Vec<_> = timeline.calls().iter().map(|call| call.started).collect();
    assert_eq!(started, [None, Some(ms(0)), None, Some(ms(10))]);
    assert_eq!(statuses(outcome.transcript()), [Failed, Completed, Failed, Completed]);
}

static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn log(line: String) {
    LOG.lock().unwrap().push(line);
}

#[derive(Deserialize, JsonSchema)]
struct Noted(usize);

impl Key for Noted {
    const PATH: bool = false;

    fn put(&self, keys: &mut Keys<'_>) {
        log(format!("key {}", self.0));
        assert_ne!(self.0, 13, "no key has this number");
        keys.value(self.0 % 2);
    }
}

/// Note that it ran.
#[tool(write(noted = number), inline)]
fn note(number: Noted) -> usize {
    log(format!("body {}", number.0));
    number.0
}

#[tokio::test(start_paused = true)]
async fn keys_are_computed_in_the_models_order_and_before_the_bodies() {
    LOG.lock().unwrap().clear();
    let calls = (0..60).map(|number| ("note", json!({"number": number})));
    let outcome = run(tools![note], calls).await;
    let log = LOG.lock().unwrap();
    let keys: Vec<_> = (0..60).map(|number| format!("key {number}")).collect();
    assert_eq!(log[..60], keys);
    for parity in 0..2 {
        let same = |number: &usize| number % 2 == parity && *number != 13;
        let bodies = log[60..].iter().map(|line| line.strip_prefix("body ").unwrap());
        let ran: Vec<_> = bodies.map(|number| number.parse().unwrap()).filter(same).collect();
        assert_eq!(ran, (0..60).filter(same).collect::<Vec<_>>());
    }
    // One key panics, which is the result of its call alone.
    let statuses = statuses(outcome.transcript());
    assert!(statuses.iter().enumerate().all(|(at, status)| (*status == Failed) == (at == 13)));
    let said = texts(outcome.transcript())[13];
    assert!(said.starts_with("the tool panicked: "), "{said}");
    assert!(said.contains("no key has this number"), "{said}");
}

/// Take the third of a list.
#[tool(write(item = items[2]))]
async fn third(items: Vec<u64>, ms: u64) -> u64 {
    nap(ms).await;
    items[2]
}

#[tokio::test(start_paused = true)]
async fn a_key_that_panics_claims_nothing() {
    let calls = [
        ("third", json!({"items": [1, 2], "ms": 100})),
        ("third", json!({"items": [1, 2, 3], "ms": 100})),
        ("third", json!({"items": [2, 1, 3], "ms": 100})),
    ];
    let outcome = run(tools![third], calls).await;
    assert_eq!(statuses(outcome.transcript()), [Failed, Completed, Completed]);
    let said = texts(outcome.transcript())[0];
    assert!(said.starts_with("the tool panicked: index out of bounds"), "{said}");
    assert_eq!(outcome.elapsed(), ms(200));
}

fn plugin(name: &str, access: Access) -> DynamicTool {
    let body = |arguments: Value, _: ToolContext| async move {
        nap(arguments["ms"].as_u64().unwrap()).await;
        Ok::<_, Infallible>("done")
    };
    DynamicTool::new(name, "A plugin.", json!({"type": "object"}), access, body)
}

/// The access of its argument, as a function of a run-time tool sees it.
fn claim(arguments: &Value, claims: &mut Claims) {
    let name = arguments["name"].as_str().unwrap_or_default();
    match arguments["says"].as_str().expect("says what it touches") {
        "nothing" => {}
        "read" => claims.read(),
        "write" => claims.write(),
        "read r" => claims.read_resource("r"),
        "write r" => claims.write_resource("r"),
        "read part" => claims.read_key("r", name),
        "write part" => claims.write_key("r", name),
        "write path" => claims.write_key("file", Path::new(name)),
        "write s and part" => {
            claims.write_resource("s");
            claims.write_key("r", &[name, "b"]);
        }
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_tool_known_at_run_time_claims_by_a_function_of_its_arguments() {
    let tools = declared().and(plugin("plugin", Access::Write).claims(claim)).unwrap();
    let (a, b, none) = (json!({"key": "a"}), json!({"key": "b"}), json!({}));
    for (says, other, arguments, expected) in [
        ("nothing", "write", &none, false),
        ("read", "read", &none, false),
        ("read", "write_part", &a, true),
        ("write", "read", &none, true),
        ("write", "read_r", &none, true),
        ("write", "pure", &none, false),
        ("read r", "write_part", &a, true),
        ("read r", "write_s", &none, false),
        ("write r", "read_part", &b, true),
        ("write r", "write_s", &none, false),
        ("read part", "write_part", &a, true),
        ("read part", "write_part", &b, false),
        ("read part", "read_r", &none, false),
        ("write part", "read_part", &a, true),
        ("write part", "read_part", &b, false),
        ("write part", "read", &none, true),
        ("write path", "write_path", &json!({"path": "a/b"}), true),
        ("write path", "write_path", &json!({"path": "b"}), false),
        ("write s and part", "read_part", &b, true),
        ("write s and part", "read_s", &none, true),
        ("write s and part", "write_path", &json!({"path": "b"}), false),
    ] {
        let called = ("plugin", json!({"says": says, "name": "a"}));
        let waits = waits(&tools, called, (other, arguments.clone())).await;
        assert_eq!(waits, expected, "{says} and {other}({arguments})");
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_of_claims_that_panics_is_the_result_of_its_call() {
    let tools = Toolset::default().and(plugin("plugin", Access::Write).claims(claim)).unwrap();
    let calls = [
        ("plugin", json!({"ms": 100})),
        ("plugin", json!({"says": "write", "ms": 100})),
        ("plugin", json!({"says": "what", "ms": 100})),
    ];
    let outcome = run(tools, calls).await;
    assert_eq!(
        texts(outcome.transcript()),
        ["the tool panicked: says what it touches", "done", "the tool panicked: what"]
    );
    assert_eq!(outcome.elapsed(), ms(100));
}

#[test]
fn toolsets_whose_keys_would_never_meet_do_not_join() {
    /// Read a file by its number.
    #[tool(read("users", file = number), inline)]
    fn by_number(number: u64) -> u64 {
        number
    }
    /// Delete all files.
    #[tool(write("file"), inline)]
    fn delete_all() {}

    let error = declared().and(tools![by_number]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the keys of `file` are paths in `read_path` and plain values in `by_number`"
    );
    let ToolsetError::Keys { resource, paths, values } = error else { panic!("{error}") };
    assert_eq!((resource, &*paths, &*values), ("file", "read_path", "by_number"));
    let error = tools![by_number].and(declared()).unwrap_err();
    assert!(matches!(error, ToolsetError::Keys { resource: "file", .. }), "{error}");

    // All of a resource goes with both.
    assert!(declared().and(tools![delete_all]).is_ok());
    assert!(tools![by_number].and(tools![delete_all]).is_ok());
}

/// Read a file by its number.
#[tool(read(file = number))]
fn numbered_file(number: u64) -> u64 {
    number
}

/// Order by a table's name.
#[tool(read(table = name), read(file = number))]
fn table_of_file(name: &str, number: u64) -> String {
    format!("{name} {number}")
}

/// Read the table of a file.
#[tool(read(table = path))]
fn table_at(path: PathBuf) -> PathBuf {
    path
}

/// Write x by its number.
#[tool(write(x = number))]
fn write_x(number: u64) -> u64 {
    number
}

#[test]
fn toolsets_that_share_a_ledger_only_through_a_third_agree_on_their_keys() {
    let between = Toolset::from(tools![table_at]).and(plugin("plugin", Access::Read)).unwrap();
    let paths = declared().order_with(&between).unwrap();
    let error = Toolset::from(tools![numbered_file]).order_with(&between).unwrap_err();
    let ToolsetError::Keys { resource, paths: path_tool, values } = error else {
        panic!("{error}")
    };
    assert_eq!((resource, &*path_tool, &*values), ("file", "read_path", "numbered_file"));
    // Also through a clone, and the other way round.
    let error = Toolset::from(tools![numbered_file]).order_with(&paths.clone()).unwrap_err();
    assert!(matches!(error, ToolsetError::Keys { resource: "file", .. }), "{error}");
    // A ledger without paths accepts it.
    assert!(Toolset::from(tools![numbered_file]).order_with(&Toolset::default()).is_ok());
}

#[test]
fn a_toolset_that_is_refused_leaves_no_keys_behind() {
    let between = Toolset::default();
    let _paths = declared().order_with(&between).unwrap();
    // Its `table` by name is not kept: the `file` by number is refused.
    Toolset::from(tools![table_of_file]).order_with(&between).unwrap_err();
    assert!(Toolset::from(tools![table_at]).order_with(&between).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_known_at_run_time_has_keys_of_the_kind_that_others_use() {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let tool = |name: &'static str, claims: fn(&Value, &mut Claims)| {
        let bodies = bodies.clone();
        let body = move |_: Value, _: ToolContext| {
            bodies.lock().unwrap().push(name);
            async { Ok::<_, Infallible>("done") }
        };
        DynamicTool::new(name, "A plugin.", json!({"type": "object"}), Access::Write, body)
            .claims(claims)
    };
    let path = |_: &Value, claims: &mut Claims| claims.write_key("x", Path::new("a"));
    let value = |_: &Value, claims: &mut Claims| claims.write_key("x", "a");
    let both = |_: &Value, claims: &mut Claims| {
        claims.read_key("y", "a");
        claims.write_key("y", Path::new("a"));
    };
    let file = |_: &Value, claims: &mut Claims| claims.read_key("file", "a");
    let between = Toolset::default().and(tool("path", path)).unwrap();
    let tools = declared().and(tool("value", value)).unwrap().and(tool("both", both)).unwrap();
    let tools = tools.and(tool("file", file)).unwrap().order_with(&between).unwrap();

    let first = run(between.clone(), [("path", json!({}))]).await;
    assert_eq!(texts(first.transcript()), ["done"]);
    let calls = ["value", "both", "file", "read"].map(|name| (name, json!({"ms": 1})));
    let outcome = run(tools, calls).await;
    assert_eq!(
        texts(outcome.transcript()),
        [
            "the keys of `x` are paths in `path` and plain values in `value`",
            "the keys of `y` are paths in `both` and plain values in `both`",
            "the keys of `file` are paths in `read_path` and plain values in `file`",
            "done",
        ]
    );
    assert_eq!(statuses(outcome.transcript())[..3], [Failed; 3]);
    assert_eq!(*bodies.lock().unwrap(), ["path"]);
    // What a call noted holds for tools that join later.
    let error = Toolset::from(tools![write_x]).order_with(&between).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the keys of `x` are paths in `path` and plain values in `write_x`"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_with_too_many_keys_or_too_deep_a_path_does_not_run() {
    let body = |_: Value, _: ToolContext| async { Ok::<_, Infallible>("done") };
    let tool = DynamicTool::new("t", "A tool.", json!({"type": "object"}), Access::Write, body);
    let tools = Toolset::default().and(tool.claims(|arguments, claims| {
        let length = |name| usize::try_from(arguments[name].as_u64().unwrap()).unwrap();
        let keys: Vec<_> = (0..length("keys")).collect();
        claims.write_key("number", &keys);
        claims.read_key("file", Path::new(&"a/".repeat(length("deep"))));
    }));
    let sizes = [(1_023, 256), (1_024, 1), (1_023, 257), (60_000, 1), (1, 500_000)];
    let calls = sizes.map(|(keys, deep)| ("t", json!({"keys": keys, "deep": deep})));
    let outcome = run(tools.unwrap(), calls).await;
    let texts = texts(outcome.transcript());
    assert_eq!(texts[0], "done");
    for (at, limit) in [(1, "1024 parts"), (2, "256 comp"), (3, "1024 parts"), (4, "256 comp")] {
        assert!(texts[at].contains(limit), "{}", texts[at]);
        assert_eq!(statuses(outcome.transcript())[at], Failed);
    }
}

static TALLY: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// Take some time, and note which call it was.
#[tool(write(part = at % 100))]
async fn tally(at: usize) {
    nap(1).await;
    TALLY.lock().unwrap().push(at);
}

#[tokio::test(start_paused = true)]
async fn twenty_thousand_keyed_writes_of_one_response_each_take_their_turn() {
    let calls = (0..20_000).map(|at| {
        let call = ToolCall::new(at.to_string(), "tally", json!({"at": at}).to_string());
        ContentBlock::from(Content::ToolCall(call))
    });
    let model = once(calls.fold(Response::new(), Response::block));
    let limits = Limits::default().with_calls(20_000);
    let agent = Agent::new(model).tools(tools![tally]).limits(limits);
    let outcome = agent.run("go").await.unwrap();
    assert_eq!(outcome.elapsed(), ms(200));
    let tally = TALLY.lock().unwrap();
    assert_eq!(tally.len(), 20_000);
    let turns = tally.chunks(100).enumerate();
    for (turn, calls) in turns {
        assert!(calls.iter().all(|at| at / 100 == turn), "{turn}: {calls:?}");
    }
}

/// What is written in a file.
#[tool(read(file = path))]
fn show(path: PathBuf) -> io::Result<String> {
    fs::read_to_string(path)
}

/// Count one more in a file.
#[tool(write(file = path))]
fn count(path: PathBuf) -> io::Result<u64> {
    let count = fs::read_to_string(&path)?.parse::<u64>().map_err(io::Error::other)? + 1;
    fs::write(path, count.to_string())?;
    Ok(count)
}

/// Ten responses of a hundred edits, and then a look.
fn thousand_edits(path: &Path) -> ScriptedModel {
    let arguments: Arc<str> = json!({"path": path}).to_string().into();
    let edits = (0..100).fold(Response::new(), |edits, _| edits.call("count", arguments.clone()));
    let model = (0..10).fold(ScriptedModel::new(), |model, _| {
        let edits = edits.clone();
        model.turn(move |_| edits.clone())
    });
    model.turn(|_| Response::new().with_text("done"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_edits_of_two_conversations_on_one_file_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("count");
    fs::write(&path, "0").unwrap();
    let tools = Toolset::from(tools![show, count]);
    fs::create_dir(folder.path().join("more")).unwrap();
    let other = folder.path().join("more/../count");
    let talk = |path: &Path| {
        let agent = Agent::new(thousand_edits(path)).tools(tools.clone());
        tokio::spawn(async move { agent.run("go").await.unwrap() })
    };
    let (one, other) = (talk(&path), talk(&other));
    let (one, other) = (one.await.unwrap(), other.await.unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "2000");

    let counted = |outcome: &Outcome| -> Vec<u64> {
        texts(outcome.transcript()).iter().map(|text| text.parse().unwrap()).collect()
    };
    let (one, other) = (counted(&one), counted(&other));
    assert!(one.is_sorted() && other.is_sorted(), "each in its own order");
    let mut all = [one, other].concat();
    all.sort_unstable();
    assert_eq!(all, (1..=2000).collect::<Vec<_>>());
}
