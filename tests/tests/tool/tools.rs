//! What `#[tool]` and `tools![..]` take: every form of function, result, state and list.

#![allow(
    clippy::borrowed_box,
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "tools take and return what their forms need"
)]

use agent_core::{
    Access, Agent, CallStatus, DynamicTool, Lock, Response, RunErrorKind, ScriptedModel, State,
    ToolError, ToolOutput, ToolResult, Toolset, ToolsetError, tool, tools,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::runtime::Builder;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

fn call(tools: impl Into<Toolset>, name: &str, arguments: &str) -> ToolResult {
    block_on(tools.into().call(name, arguments))
}

#[track_caller]
fn answer(tools: impl Into<Toolset>, name: &str, arguments: &str) -> String {
    let result = call(tools, name, arguments);
    assert_eq!(result.status(), CallStatus::Completed, "{}", result.text());
    result.text().to_owned()
}

fn names(tools: impl Into<Toolset>) -> Vec<String> {
    tools.into().names().map(str::to_owned).collect()
}

fn description(tools: impl Into<Toolset>) -> String {
    tools.into().definitions()[0].description().to_owned()
}

mod attributes {
    use super::{answer, description, names, tool, tools};

    /// Here on some system.
    #[cfg(any())]
    #[tool(pure, inline)]
    fn above(text: String, missing: NoSuchType) -> String {
        text
    }

    /// Here on this system.
    #[cfg(not(any()))]
    #[tool(pure, inline)]
    fn above(text: String) -> String {
        text
    }

    /// Here on some system.
    #[tool(pure, inline)]
    #[cfg(any())]
    fn below(a: &str, b: &NoSuchType, c: &mut NoSuchType) -> String {
        a.to_owned()
    }

    /// Here on this system.
    #[tool(pure, inline)]
    #[cfg_attr(not(any()), cfg(not(any())), must_use)]
    fn below(number: u8) -> u8 {
        number
    }

    #[test]
    fn a_cfg_above_or_below_takes_all_of_the_tool_away() {
        assert_eq!(answer(tools![above, below], "above", r#"{"text":"x"}"#), "x");
        assert_eq!(answer(tools![above, below], "below", r#"{"number":7}"#), "7");
    }

    /// An old way.
    #[deprecated]
    #[tool(pure, inline)]
    fn old_above(number: u8) -> u8 {
        number
    }

    /// Another old way.
    #[tool(pure)]
    #[deprecated(note = "use the new way")]
    async fn old_below(number: u8) -> u8 {
        number
    }

    #[test]
    #[deny(deprecated)]
    fn a_deprecated_function_is_a_tool_without_a_warning() {
        assert_eq!(names(tools![old_above, old_below]), ["old_above", "old_below"]);
    }

    /// Instrumented.
    #[tracing::instrument]
    #[tool(pure, inline)]
    fn traced_above(number: u8) -> u8 {
        number
    }

    /// Instrumented.
    #[tool(pure)]
    #[tracing::instrument(skip_all, fields(text))]
    async fn traced_below(text: &str, words: &[String]) -> Result<String, String> {
        tokio::task::yield_now().await;
        Ok(format!("{text} {words:?}"))
    }

    /// Instrumented.
    #[tracing::instrument]
    #[tool(pure)]
    async fn traced_async_above(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn instrumented_above_and_below() {
        let tools = tools![traced_above, traced_below, traced_async_above];
        assert_eq!(answer(tools, "traced_above", r#"{"number":7}"#), "7");
        assert_eq!(answer(tools, "traced_below", r#"{"text":"a","words":["b"]}"#), "a [\"b\"]");
        assert_eq!(answer(tools, "traced_async_above", r#"{"text":"a"}"#), "a");
    }

    #[doc = include_str!("description.txt")]
    #[tool(pure, inline)]
    fn from_a_file() {}

    /** Words
    of a block. */
    #[tool(pure, inline)]
    fn from_a_block() {}

    /**
     * Words
     *
     * of a starred block.
     */
    #[tool(pure, inline)]
    fn from_a_starred_block() {}

    /// Before
    #[doc = concat!("in the", " middle")]
    ///
    /// after.
    #[tool(pure, inline)]
    fn joined() {}

    /// Not this.
    #[tool(pure, description = "But this.", title = "For people", inline)]
    fn given() {}

    #[test]
    fn descriptions_of_each_form() {
        assert_eq!(description(tools![from_a_file]), "Words counted from\na file.");
        assert_eq!(description(tools![from_a_block]), "Words\nof a block.");
        assert_eq!(description(tools![from_a_starred_block]), "Words\n\nof a starred block.");
        assert_eq!(description(tools![joined]), "Before\nin the middle\n\nafter.");
        assert_eq!(description(tools![given]), "But this.");
        let toolset = agent_core::Toolset::from(tools![given]);
        assert_eq!(toolset.definitions()[0].title(), Some("For people"));
    }
}

mod names_of_all_kinds {
    use super::{answer, names, tool, tools};

    macro_rules! adders {
        ($($(#[$doc:meta])* $name:ident: $type:ty = $by:expr;)*) => {
            $(
                $(#[$doc])*
                #[tool(pure, inline)]
                fn $name(value: $type, #[arg(default = $by)] by: $type) -> $type {
                    value + by
                }
            )*
        };
    }

    adders! {
        /// Add one.
        add_one: u8 = 1;
        /// Add two.
        add_two: f64 = 2.0;
    }

    macro_rules! whole {
        ($item:item) => {
            #[tool(pure, inline, name = "whole")]
            $item
        };
    }

    whole! {
        /// Made whole.
        fn made(r#in: u8) -> u8 { r#in }
    }

    #[test]
    fn functions_born_in_macro_rules() {
        assert_eq!(answer(tools![add_one, add_two], "add_one", r#"{"value":1}"#), "2");
        assert_eq!(answer(tools![add_one, add_two], "add_two", r#"{"value":1,"by":0.5}"#), "1.5");
        assert_eq!(answer(tools![made], "whole", r#"{"in":3}"#), "3");
        assert_eq!((add_one(1, 2), made(4)), (3, 4));
    }

    /// A tool called like our locals.
    #[tool(pure, inline)]
    fn a(a: u8, a0: u8) -> u8 {
        a + a0
    }

    /// A tool called like our locals.
    #[tool(pure)]
    async fn cx(state: &super::Limit, cx: u8, s0: &str, a1: &[u8]) -> String {
        format!("{} {cx} {s0} {a1:?}", state.0)
    }

    /// A tool called like our locals.
    #[tool(pure, inline)]
    fn a0(cx: u8) -> u8 {
        cx
    }

    /// A tool called like our locals.
    #[tool(pure, inline)]
    fn s0(a0: u8, s0: &super::Limit) -> u8 {
        a0 + s0.0
    }

    /// A tool called like a function of ours.
    #[tool(pure, inline)]
    fn arg(arg: u8) -> u8 {
        arg
    }

    /// A tool called like a function of ours.
    #[tool(pure, inline)]
    fn args(args: &str) -> String {
        args.to_owned()
    }

    /// A tool called like a keyword.
    #[tool(pure, inline)]
    fn r#type(r#match: u8) -> u8 {
        r#match
    }

    #[test]
    fn a_tool_may_be_called_as_it_likes() {
        let tools = || tools![a, cx, a0, s0, arg, args, r#type].with_state(super::Limit(5));
        assert_eq!(names(tools()), ["a", "a0", "arg", "args", "cx", "s0", "type"]);
        assert_eq!(answer(tools(), "a", r#"{"a":1,"a0":2}"#), "3");
        assert_eq!(answer(tools(), "cx", r#"{"cx":1,"s0":"x","a1":[2]}"#), "5 1 x [2]");
        assert_eq!(answer(tools(), "a0", r#"{"cx":1}"#), "1");
        assert_eq!(answer(tools(), "s0", r#"{"a0":1}"#), "6");
        assert_eq!(answer(tools(), "args", r#"{"args":"x"}"#), "x");
        assert_eq!(answer(tools(), "type", r#"{"match":9}"#), "9");
        assert_eq!((a(1, 2), r#type(3), arg(4)), (3, 3, 4));
    }

    #[allow(unused_macros, non_camel_case_types, dead_code, reason = "names that could shadow")]
    mod shadowed {
        use super::{answer, tool, tools};

        struct Result;
        struct Option;
        struct Vec;
        struct String;
        enum Send {}
        struct Sync;
        mod std {}
        mod core {}
        macro_rules! returned {
            () => {};
        }

        /// A tool where nothing is called as usual.
        #[tool(pure)]
        async fn odd(text: &str, #[arg(default)] numbers: &[u8]) -> usize {
            text.len() + numbers.len()
        }

        #[test]
        fn the_prelude_may_be_shadowed() {
            assert_eq!(answer(tools![odd], "odd", r#"{"text":"ab"}"#), "2");
        }
    }
}

struct Limit(u8);

mod visibility {
    use super::{answer, names, tools};

    mod text {
        use agent_core::tool;

        /// Count words.
        #[tool(pure, inline)]
        pub(in super::super) fn words(text: &str) -> usize {
            text.split_whitespace().count()
        }

        /// Count lines.
        #[tool(pure)]
        pub(in crate::tools::visibility) fn lines(text: &str) -> usize {
            text.lines().count()
        }

        pub(super) mod deep {
            /// Count bytes.
            #[agent_core::tool(pure)]
            pub(crate) fn bytes(text: &str) -> usize {
                text.len()
            }
        }
    }

    use text::words as count_words;
    use text::{deep::bytes, lines};

    #[test]
    fn a_tool_follows_use_and_visibility() {
        let tools = tools![count_words, lines, bytes];
        assert_eq!(names(tools), ["bytes", "lines", "words"]);
        assert_eq!(answer(tools, "words", r#"{"text":"a b"}"#), "2");
        assert_eq!(
            names(tools![text::words, self::text::lines, crate::tools::visibility::bytes]).len(),
            3
        );
        assert_eq!(count_words("a b c"), 3);
        assert_eq!(lines("a\nb"), bytes("ab"));
    }

    mod renamed {
        pub(super) use agent_core as core_of_agents;
    }

    /// Found under another name.
    #[renamed::core_of_agents::tool(pure, crate = renamed::core_of_agents)]
    fn found(number: u8) -> u8 {
        number
    }

    #[test]
    fn the_library_may_have_another_name() {
        assert_eq!(answer(tools![found], "found", r#"{"number":1}"#), "1");
    }
}

type Answer<T> = Result<T, Failure>;
type Done = Result<(), std::io::Error>;

#[derive(Debug)]
struct Failure(&'static str);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed: {}", self.0)
    }
}

impl Error for Failure {}

#[derive(Serialize)]
struct Name(String);

#[derive(Serialize)]
enum Size {
    Small,
    Large { by: u8 },
}

#[derive(Serialize)]
struct Empty;

/// Tools that return an expression.
macro_rules! returning {
    ($($name:ident: $type:ty = $value:expr;)*) => {
        $(
            /// Return a value.
            #[tool(pure, inline)]
            fn $name() -> $type {
                $value
            }
        )*
    };
}

returning! {
    aliased: Answer<u8> = Ok(3);
    aliased_error: Answer<u8> = Err(Failure("no"));
    without_parameter: Done = Ok(());
    io_error: Done = Err(std::io::Error::other("disk full"));
    string_error: Result<u8, String> = Err("a string".to_owned());
    str_error: Result<u8, &'static str> = Err("a str");
    boxed_error: Result<u8, Box<dyn Error + Send + Sync>> = Err("boxed".into());
    any_error: anyhow::Result<u8> = Err(anyhow::anyhow!("inner").context("outer"));
    output: ToolOutput = ToolOutput::text("made by hand");
    output_in_result: Result<ToolOutput, Failure> = Ok(ToolOutput::of(&[1, 2]).unwrap());
    unit: () = ();
    text: String = "a \"b\"".to_owned();
    borrowed: &'static str = "a \"b\"";
    newtype: Name = Name("Ada".to_owned());
    small: Size = Size::Small;
    large: Size = Size::Large { by: 2 };
    empty: Empty = Empty;
    some: Option<String> = Some("x".to_owned());
    none: Option<u8> = None;
    value: Value = json!({"b": [1, null], "a": "x"});
    map: BTreeMap<u8, &'static str> = BTreeMap::from([(2, "b"), (1, "a")]);
    tuple: (u8, &'static str, Option<bool>) = (1, "x", None);
    not_a_number: f64 = f64::NAN;
    infinite: f32 = f32::NEG_INFINITY;
    inside: Vec<f64> = vec![1.0, f64::NAN];
    opaque: impl Serialize = [1, 2, 3];
    shared: Arc<str> = "shared".into();
}

#[test]
fn results_of_each_kind() {
    let good = tools![
        aliased,
        without_parameter,
        output,
        output_in_result,
        unit,
        text,
        borrowed,
        newtype,
        small,
        large,
        empty,
        some,
        none,
        value,
        map,
        tuple,
        not_a_number,
        infinite,
        inside,
        opaque,
        shared
    ];
    for (name, expected) in [
        ("aliased", "3"),
        ("without_parameter", "done"),
        ("output", "made by hand"),
        ("output_in_result", "[1,2]"),
        ("unit", "done"),
        ("text", "a \"b\""),
        ("borrowed", "a \"b\""),
        ("newtype", "Ada"),
        ("small", "Small"),
        ("large", r#"{"Large":{"by":2}}"#),
        ("empty", "done"),
        ("some", "x"),
        ("none", "null"),
        ("value", r#"{"a":"x","b":[1,null]}"#),
        ("map", r#"{"1":"a","2":"b"}"#),
        ("tuple", r#"[1,"x",null]"#),
        ("not_a_number", "NaN"),
        ("infinite", "-inf"),
        ("inside", "[1.0,null]"),
        ("opaque", "[1,2,3]"),
        ("shared", "shared"),
    ] {
        assert_eq!(answer(good, name, ""), expected, "{name}");
    }
}

#[test]
fn errors_are_told_by_their_text_and_kept_for_the_host() {
    let bad = tools![aliased_error, io_error, string_error, str_error, boxed_error, any_error];
    for (name, expected) in [
        ("aliased_error", "failed: no"),
        ("io_error", "disk full"),
        ("string_error", "a string"),
        ("str_error", "a str"),
        ("boxed_error", "boxed"),
        ("any_error", "outer"),
    ] {
        let result = call(bad, name, "");
        assert_eq!((result.status(), result.text()), (CallStatus::Failed, expected), "{name}");
        assert_eq!(result.error().unwrap().to_string(), expected);
    }
    assert!(call(bad, "aliased_error", "").error().unwrap().is::<Failure>());
    assert_eq!(call(bad, "any_error", "").error().unwrap().source().unwrap().to_string(), "inner");
}

/// Fail by name.
#[tool(pure)]
async fn fail(how: &str) -> Result<(), ToolError> {
    match how {
        "retry" => Err(ToolError::retry("ids start at 1")),
        "fatal" => Err(ToolError::fatal(Failure("for good"))),
        "question mark" => Err(Failure("once"))?,
        _ => Ok(()),
    }
}

/// Fail inside a box.
#[tool(pure, inline)]
fn fail_boxed() -> Result<(), Box<dyn Error + Send + Sync>> {
    Err(ToolError::fatal(Failure("boxed")).into_source())
}

/// Fail inside anyhow.
#[tool(pure, inline)]
fn fail_anyhow() -> anyhow::Result<()> {
    Err(anyhow::anyhow!(ToolError::fatal(Failure("wrapped"))))
}

#[test]
fn a_tool_asks_the_model_to_correct_a_call() {
    let result = call(tools![fail], "fail", r#"{"how":"retry"}"#);
    assert_eq!(result.text(), "ids start at 1\nCorrect the call and make it again.");
    assert_eq!(call(tools![fail], "fail", r#"{"how":"question mark"}"#).text(), "failed: once");
}

#[test]
fn a_fatal_error_ends_the_run_only_as_itself() {
    let model = |name: &'static str, arguments: &'static str| {
        let first = ScriptedModel::new().turn(move |_| Response::new().call(name, arguments));
        first.turn(|request| Response::new().with_text(request.results()[0].text()))
    };
    let run =
        |model| block_on(Agent::new(model).tools(tools![fail, fail_boxed, fail_anyhow]).run("go"));

    let error = run(model("fail", r#"{"how":"fatal"}"#)).unwrap_err();
    let RunErrorKind::Fatal { tool, error } = error.kind() else { panic!("{error}") };
    assert_eq!((&**tool, error.is::<Failure>()), ("fail", true));

    assert_eq!(run(model("fail_boxed", "{}")).unwrap().text(), "failed: boxed");
    assert_eq!(run(model("fail_anyhow", "{}")).unwrap().text(), "failed: wrapped");
}

#[derive(Default)]
struct Notes(Vec<String>);

/// Write a note.
#[tool(inline)]
fn note(notes: &mut Notes, text: String) -> usize {
    notes.0.push(text);
    notes.0.len()
}

/// Count the notes.
#[tool(pure)]
async fn count(notes: &Notes) -> usize {
    notes.0.len()
}

/// Tell the limit.
#[tool(pure, inline)]
fn limit(limit: &Limit, notes: &Notes) -> String {
    format!("{} of {}", notes.0.len(), limit.0)
}

#[test]
fn state_is_a_single_value_or_a_lock() {
    assert_eq!(answer(tools![count].with_state(Notes::default()), "count", ""), "0");

    let notes = Arc::new(Lock::new(Notes::default()));
    let toolset = tools![note, count].with_state_arc(notes.clone());
    assert_eq!(answer(toolset.clone(), "note", r#"{"text":"a"}"#), "1");
    assert_eq!(answer(toolset, "count", ""), "1");
    assert_eq!(block_on(async { notes.read().await.0.clone() }), ["a"]);

    let mut by_hand = Notes::default();
    assert_eq!((note(&mut by_hand, "x".to_owned()), block_on(count(&by_hand))), (1, 1));
}

trait Hook: Send + Sync {
    fn called(&self) -> u32;
}

struct Counter(AtomicU32);

impl Hook for Counter {
    fn called(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

type Price = dyn Fn(u32) -> u32 + Send + Sync;

#[derive(State)]
struct App<T> {
    limit: Limit,
    #[lend(mut Notes)]
    notes: Lock<Notes>,
    kind: Kind<T>,
    count: AtomicU32,
    price: Box<Price>,
    hook: Arc<dyn Hook>,
    names: Vec<&'static str>,
    #[lend(skip)]
    _more_names: Vec<&'static str>,
}

struct Kind<T>(PhantomData<T>);

fn app() -> App<u8> {
    App {
        limit: Limit(9),
        notes: Lock::default(),
        kind: Kind(PhantomData),
        count: AtomicU32::new(0),
        price: Box::new(|count| count * 3),
        hook: Arc::new(Counter(AtomicU32::new(0))),
        names: vec!["a", "b"],
        _more_names: Vec::new(),
    }
}

/// Count calls.
#[tool(write, inline)]
fn calls(count: &AtomicU32, _kind: &Kind<u8>) -> u32 {
    count.fetch_add(1, Ordering::Relaxed) + 1
}

/// Tell a price.
#[tool(pure)]
async fn price(price: &Box<Price>, hook: &Arc<dyn Hook>, count: u32) -> String {
    format!("{} {}", price(count), hook.called())
}

/// Join names.
#[tool(pure, inline)]
fn joined(names: &Vec<&str>, with: &str) -> String {
    names.join(with)
}

#[test]
fn state_with_fields_of_many_types() {
    let toolset = tools![note, count, limit, calls, price, joined].with_state(app());
    assert_eq!(answer(toolset.clone(), "note", r#"{"text":"a"}"#), "1");
    assert_eq!(answer(toolset.clone(), "limit", ""), "1 of 9");
    assert_eq!(answer(toolset.clone(), "calls", ""), "1");
    assert_eq!(answer(toolset.clone(), "calls", ""), "2");
    assert_eq!(answer(toolset.clone(), "price", r#"{"count":4}"#), "12 1");
    assert_eq!(answer(toolset, "joined", r#"{"with":"-"}"#), "a-b");
}

#[derive(State)]
struct Fields(Limit, #[lend(mut Notes)] Lock<Notes>);

#[test]
fn state_without_names() {
    let toolset = tools![limit].with_state(Fields(Limit(1), Lock::default()));
    assert_eq!(answer(toolset, "limit", ""), "0 of 1");
}

fn runtime_tool(name: &str) -> DynamicTool {
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
    DynamicTool::new(
        name,
        "Known at run time.",
        schema,
        Access::Read,
        |arguments, call| async move {
            let n = arguments["n"].as_i64().ok_or_else(|| ToolError::retry("n is no integer"))?;
            Ok::<_, ToolError>(format!("{} {n}", call.id()))
        },
    )
}

#[test]
fn tools_known_at_run_time_join_the_others() {
    let toolset = tools![count].with_state(Notes::default());
    let toolset = toolset
        .and(runtime_tool("a-1"))
        .unwrap()
        .and(tools![unit, limit].with_state(Fields(Limit(1), Lock::default())))
        .unwrap();
    assert_eq!(names(toolset.clone()), ["a-1", "count", "limit", "unit"]);
    assert_eq!(answer(toolset.clone(), "a-1", r#"{"n":5}"#), "call_1 5");
    assert_eq!(answer(toolset.clone(), "limit", ""), "0 of 1");
    assert_eq!(toolset.access("a-1"), Some(Access::Read));
    assert_eq!(toolset.access("count"), Some(Access::Pure));
    let result = call(toolset, "a-1", r#"{"n":1,"n":2}"#);
    assert_eq!(
        result.text(),
        "invalid arguments: not valid JSON: `n` given twice at line 1 column 10"
    );
}

#[test]
fn a_clash_names_both_tools() {
    let error = Toolset::from(tools![unit]).and(runtime_tool("unit")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "two tools are called `unit`: \"Return a value.\" and \"Known at run time.\""
    );
    assert!(matches!(error, ToolsetError::Clash { .. }));
    let twice = Toolset::from(tools![unit]).and(tools![unit].with_state(())).unwrap_err();
    assert!(matches!(twice, ToolsetError::Clash { .. }), "{twice}");
}

#[test]
fn run_time_tools_need_a_name_and_a_schema_that_providers_take() {
    for name in ["", "1a", "-a", "a b", "größe", "a.b", &"x".repeat(65)] {
        let error = Toolset::default().and(runtime_tool(name)).unwrap_err();
        assert!(error.to_string().contains("a name has up to 64 letters"), "{error}");
    }
    for schema in [json!({}), json!(true), json!({"type": "array"}), Value::Null] {
        let body = |_, _| async { Ok::<_, ToolError>("") };
        let tool = DynamicTool::new("t", "A tool.", schema, Access::Pure, body);
        let error = Toolset::default().and(tool).unwrap_err();
        assert_eq!(error.to_string(), "tool `t`: its schema needs `\"type\": \"object\"`");
    }
    let body = |_, _| async { Ok::<_, String>(()) };
    let silent = DynamicTool::new("t", " ", json!({"type": "object"}), Access::Pure, body);
    let error = Toolset::default().and(silent).unwrap_err();
    assert_eq!(error.to_string(), "tool `t`: describe it: the model chooses by this text");
}

#[test]
fn the_order_of_tools_does_not_depend_on_how_they_were_listed() {
    let definitions = |toolset: Toolset| -> Vec<String> {
        let definitions = toolset.definitions().iter();
        definitions
            .map(|tool| format!("{} {} {}", tool.name(), tool.description(), tool.schema()))
            .collect()
    };
    let one = definitions(tools![unit, text, tuple, fail].into());
    assert_eq!(one, definitions(tools![fail, tuple, unit, text].into()));
    let joined = Toolset::from(tools![tuple, fail]).and(tools![text, unit]).unwrap();
    assert_eq!(one, definitions(joined));
    assert_eq!(names(tools![]), [""; 0]);
}

#[test]
fn the_function_is_still_a_function() {
    let mapped: Vec<_> = ["a b", "c"].into_iter().map(words).collect();
    assert_eq!(mapped, [2, 1]);
    let pointer: fn(&str) -> usize = words;
    assert_eq!(pointer("x"), 1);
}

/// Count words.
#[tool(pure, inline)]
fn words(text: &str) -> usize {
    text.split_whitespace().count()
}
