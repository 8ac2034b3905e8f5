//! The arguments of a call, from the model's JSON to the typed parameters of a function.

#![allow(
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    clippy::unnecessary_box_returns,
    reason = "tools take what the model sends: owned, and of each kind"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

use agent_core::{ToolContext, ToolResult, Toolset, tool, tools};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn call(tools: impl Into<Toolset>, name: &str, arguments: &str) -> ToolResult {
    runtime().block_on(tools.into().call(name, arguments))
}

/// The result of a call that must succeed.
#[track_caller]
fn answer(tools: impl Into<Toolset>, name: &str, arguments: &str) -> String {
    let result = call(tools, name, arguments);
    assert!(!result.is_error(), "{arguments}: {}", result.text());
    result.text().to_owned()
}

/// What the model reads of a call that must fail.
#[track_caller]
fn fault(tools: impl Into<Toolset>, name: &str, arguments: &str) -> String {
    let result = call(tools, name, arguments);
    assert!(result.is_error(), "{arguments}: {}", result.text());
    result.text().to_owned()
}

/// Tools that return the one argument they take.
macro_rules! echo {
    ($($name:ident: $type:ty),* $(,)?) => {
        $(
            /// Return the value.
            #[tool(pure, inline)]
            fn $name(value: $type) -> $type {
                value
            }
        )*
    };
}

/// Each value goes through the tool and comes back as it was.
#[track_caller]
fn same(tools: impl Into<Toolset>, name: &str, values: &[&str]) {
    let tools = tools.into();
    for value in values {
        let text = answer(tools.clone(), name, &format!(r#"{{"value":{value}}}"#));
        assert_eq!(text, *value, "{name}");
    }
}

/// None of the values fits.
#[track_caller]
fn refused(tools: impl Into<Toolset>, name: &str, values: &[&str]) {
    let tools = tools.into();
    for value in values {
        let text = fault(tools.clone(), name, &format!(r#"{{"value":{value}}}"#));
        assert!(text.starts_with("invalid arguments: `value"), "{name} {value}: {text}");
    }
}

echo! {
    int_8: i8, int_16: i16, int_32: i32, int_64: i64, int_128: i128, int_size: isize,
    uint_8: u8, uint_16: u16, uint_32: u32, uint_64: u64, uint_128: u128, uint_size: usize,
    float_32: f32, float_64: f64, truth: bool,
}

#[test]
fn integers_of_each_size_keep_their_bounds() {
    macro_rules! bounds {
        ($($name:ident: $type:ident, $below:expr, $above:expr);* $(;)?) => {
            $(
                let (least, most) = ($type::MIN.to_string(), $type::MAX.to_string());
                same(tools![$name], stringify!($name), &[&least, "0", "7", &most]);
                refused(tools![$name], stringify!($name), &[$below, $above, "1.5", "\"1\"", "null"]);
            )*
        };
    }
    bounds! {
        int_8: i8, "-129", "128";
        int_16: i16, "-32769", "32768";
        int_32: i32, "-2147483649", "2147483648";
        int_64: i64, "-9223372036854775809", "9223372036854775808";
        int_size: isize, "-9223372036854775809", "9223372036854775808";
        int_128: i128, "-170141183460469231731687303715884105729", "170141183460469231731687303715884105728";
        uint_8: u8, "-1", "256";
        uint_16: u16, "-1", "65536";
        uint_32: u32, "-1", "4294967296";
        uint_64: u64, "-1", "18446744073709551616";
        uint_size: usize, "-1", "18446744073709551616";
        uint_128: u128, "-1", "340282366920938463463374607431768211456";
    }
}

#[test]
fn floats_and_truth_values() {
    same(tools![float_64], "float_64", &["0.5", "-2.0", "1e+300", "5e-324", "0.1"]);
    same(tools![float_32], "float_32", &["0.5", "-2.0", "0.1"]);
    assert_eq!(answer(tools![float_64], "float_64", r#"{"value":3}"#), "3.0");
    refused(tools![float_64], "float_64", &["1e999", "-1e999", "\"1\"", "true"]);
    same(tools![truth], "truth", &["true", "false"]);
    refused(tools![truth], "truth", &["1", "0", "\"true\"", "null"]);
}

echo! {
    letter: char, text: String, shared: Arc<str>, boxed: Box<[u8]>, path: PathBuf,
    any: Value, list: Vec<u16>, triple: (u8, String, Vec<bool>), fixed: [i32; 3],
    by_name: BTreeMap<String, f64>, by_number: BTreeMap<u32, String>, hashed: HashMap<i64, bool>,
}

#[test]
fn texts() {
    assert_eq!(answer(tools![letter], "letter", r#"{"value":"ß"}"#), "ß");
    assert_eq!(answer(tools![letter], "letter", r#"{"value":"\ud83d\ude00"}"#), "😀");
    refused(tools![letter], "letter", &["\"ab\"", "\"\"", "7"]);
    for name in ["text", "shared", "path"] {
        let tools = tools![text, shared, path];
        assert_eq!(answer(tools, name, r#"{"value":"a \"b\"\n\u00e4"}"#), "a \"b\"\nä");
        refused(tools, name, &["7", "null", "[\"a\"]", r#""\ud800""#, r#""\ude00\ud83d""#]);
    }
}

#[test]
fn lists_maps_and_tuples() {
    same(tools![list], "list", &["[]", "[1,2,65535]"]);
    refused(tools![list], "list", &["[65536]", "{}", "\"[1]\"", "null"]);
    same(tools![boxed], "boxed", &["[]", "[255,0]"]);
    same(tools![triple], "triple", &[r#"[1,"x",[true]]"#]);
    refused(tools![triple], "triple", &[r#"[1,"x"]"#, r#"[1,"x",[],4]"#]);
    same(tools![fixed], "fixed", &["[1,-2,3]"]);
    refused(tools![fixed], "fixed", &["[1,2]", "[1,2,3,4]"]);
    same(tools![by_name], "by_name", &["{}", r#"{"a":1.5,"b c":-0.25}"#]);
    same(tools![by_number], "by_number", &[r#"{"1":"x","4294967295":"y"}"#]);
    refused(tools![by_number], "by_number", &[r#"{"-1":"x"}"#, r#"{"a":"x"}"#]);
    same(tools![hashed], "hashed", &[r#"{"-7":true}"#]);
    same(tools![any], "any", &["[1,null,{\"a\":[true,\"x\",1.5]}]", "18446744073709551615"]);
    // A map inside keeps the last of two values for one key, as serde does.
    assert_eq!(answer(tools![by_name], "by_name", r#"{"value":{"a":1,"a":2}}"#), r#"{"a":2.0}"#);
}

/// Return both texts, and whether they were copied.
#[tool(pure, inline)]
fn texts_of(text: &str, words: &[Cow<'_, str>]) -> (String, Vec<String>) {
    (text.to_owned(), words.iter().map(|word| word.clone().into_owned()).collect())
}

/// Join words.
#[tool(pure, inline)]
fn join(words: &[String], with: &str) -> String {
    words.join(with)
}

#[test]
fn borrowed_texts_and_lists() {
    let arguments = r#"{"words":["a","\u0062"],"with":", "}"#;
    assert_eq!(answer(tools![join], "join", arguments), "a, b");
    assert_eq!(answer(tools![join], "join", r#"{"with":"\n\"","words":["a","b"]}"#), "a\n\"b");
    let arguments = r#"{"text":"gr\u00fcn","words":["x\ty"]}"#;
    assert_eq!(answer(tools![texts_of], "texts_of", r#"{"text":"","words":[]}"#), r#"["",[]]"#);
    assert_eq!(
        answer(tools![texts_of], "texts_of", arguments.replace("\\t", "\\\\").as_str()),
        r#"["grün",["x\\y"]]"#
    );
    assert!(fault(tools![join], "join", r#"{"words":"a","with":","}"#).contains("`words`: "));
    assert!(fault(tools![join], "join", r#"{"words":[],"with":"\ud800"}"#).contains("`with`: "));
}

type Maybe<T> = Option<T>;

/// Tell which arguments came.
#[tool(pure, inline)]
fn optional(plain: Option<u8>, alias: Maybe<String>, nested: Option<Vec<Option<u8>>>) -> Value {
    json!([plain, alias, nested])
}

#[test]
fn an_option_is_absent_or_null_or_present() {
    let tools = tools![optional];
    assert_eq!(answer(tools, "optional", "{}"), "[null,null,null]");
    assert_eq!(answer(tools, "optional", ""), "[null,null,null]");
    assert_eq!(answer(tools, "optional", " null\n"), "[null,null,null]");
    let arguments = r#"{"plain":null,"alias":null,"nested":null}"#;
    assert_eq!(answer(tools, "optional", arguments), "[null,null,null]");
    let arguments = r#"{"nested":[null,3],"alias":"a","plain":9}"#;
    assert_eq!(answer(tools, "optional", arguments), r#"[9,"a",[null,3]]"#);
    assert_eq!(
        fault(tools, "optional", r#"{"plain":"9"}"#),
        "invalid arguments: `plain`: invalid type: string \"9\", expected u8. \
         Arguments: `plain`?, `alias`?, `nested`?"
    );
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Order {
    customer: Customer,
    items: Vec<Item>,
    #[serde(default)]
    note: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Customer {
    id: u64,
    #[serde(rename = "e-mail")]
    email: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Item {
    sku: Sku,
    qty: u32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Sku(String);

#[derive(Serialize, Deserialize, JsonSchema)]
enum External {
    Unit,
    Newtype(u8),
    Tuple(u8, String),
    Struct { x: f64 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Internal {
    Circle { radius: f64 },
    Square { side: f64 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Off,
    Level(u8),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
    Many(Vec<Untagged>),
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Tree {
    name: String,
    #[serde(default)]
    children: Vec<Tree>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<Box<Tree>>,
}

echo! {
    order: Order, external: External, internal: Internal, adjacent: Adjacent, untagged: Untagged,
    tree: Tree, sku: Sku, heap: Box<Item>, counted: Arc<Vec<Sku>>, copied: Cow<'static, str>,
    choice: Option<External>,
}

#[test]
fn structs_and_enums_with_data() {
    same(
        tools![order],
        "order",
        &[r#"{"customer":{"id":1,"e-mail":"a@b"},"items":[{"sku":"x","qty":2}],"note":null}"#],
    );
    same(
        tools![external],
        "external",
        &[r#"{"Newtype":3}"#, r#"{"Tuple":[1,"x"]}"#, r#"{"Struct":{"x":1.5}}"#],
    );
    assert_eq!(answer(tools![external], "external", r#"{"value":"Unit"}"#), "Unit");
    refused(tools![external], "external", &["\"Other\"", r#"{"Newtype":300}"#, "{}", "3"]);
    same(tools![internal], "internal", &[r#"{"kind":"circle","radius":1.0}"#]);
    refused(tools![internal], "internal", &[r#"{"kind":"line"}"#, r#"{"radius":1.0}"#]);
    same(tools![adjacent], "adjacent", &[r#"{"t":"Level","c":3}"#, r#"{"t":"Off"}"#]);
    refused(tools![adjacent], "adjacent", &[r#"{"t":"Level"}"#]);
    same(tools![untagged], "untagged", &["3", r#"[1,"x",[2]]"#]);
    refused(tools![untagged], "untagged", &["1.5", "null"]);
    same(tools![choice], "choice", &["null", r#"{"Newtype":3}"#]);
}

#[test]
fn recursive_types_newtypes_and_pointers() {
    same(
        tools![tree],
        "tree",
        &[
            r#"{"name":"a","children":[{"name":"b","children":[]}],"parent":{"name":"c","children":[]}}"#,
        ],
    );
    assert_eq!(answer(tools![sku], "sku", r#"{"value":"x"}"#), "x");
    same(tools![heap], "heap", &[r#"{"sku":"x","qty":2}"#]);
    same(tools![counted], "counted", &[r#"["x","y"]"#]);
    assert_eq!(answer(tools![copied], "copied", r#"{"value":"a\\b"}"#), "a\\b");
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
enum Sorting {
    #[default]
    Newest,
    Oldest,
}

const PAGE: u32 = 10;

/// List pages.
#[tool(pure, inline)]
fn pages(
    #[arg(default = PAGE * 2)] limit: u32,
    #[arg(default)] order: Sorting,
    #[arg(default = "en")] lang: &str,
    #[arg(default = ["a".to_owned()])] tags: &[String],
    #[arg(default)] words: Vec<String>,
    #[arg(default = Some(1))] page: Option<u8>,
) -> Value {
    json!([limit, order, lang, tags, words, page])
}

#[test]
fn defaults_stand_in_for_what_is_absent() {
    let tools = tools![pages];
    assert_eq!(answer(tools, "pages", "{}"), r#"[20,"Newest","en",["a"],[],1]"#);
    let arguments =
        r#"{"limit":1,"order":"Oldest","lang":"de","tags":[],"words":["x"],"page":null}"#;
    assert_eq!(answer(tools, "pages", arguments), r#"[1,"Oldest","de",[],["x"],null]"#);
    // Only what is absent has a default: `null` is no number.
    assert!(fault(tools, "pages", r#"{"limit":null}"#).contains("`limit`: invalid type: null"));
}

/// Greet.
#[tool(pure, inline)]
fn names(
    #[arg(rename = "first-name")] first: String,
    r#type: u8,
    #[arg(rename = "größe")] size: u8,
    mut count: u8,
    _unused: Option<u8>,
) -> Value {
    count += 1;
    json!([first, r#type, size, count])
}

#[test]
fn names_as_the_model_sees_them() {
    let arguments = r#"{"first-name":"Ada","type":2,"größe":3,"count":4}"#;
    assert_eq!(answer(tools![names], "names", arguments), r#"["Ada",2,3,5]"#);
    let escaped =
        r#"{"first\u002dname":"Ada","\u0074ype":2,"gr\u00f6\u00dfe":3,"count":4,"_unused":1}"#;
    assert_eq!(answer(tools![names], "names", escaped), r#"["Ada",2,3,5]"#);
    assert!(
        fault(tools![names], "names", r#"{"first":"Ada"}"#).contains("`first`: unknown argument")
    );
}

/// Choose the longer text.
#[tool(pure, inline)]
fn longer<'x, 'y: 'x>(one: &'x str, other: &'y str, more: Cow<'y, str>) -> String
where
    String: From<&'x str>,
{
    let longer = if one.len() > other.len() { one } else { other };
    if longer.len() > more.len() { String::from(longer) } else { more.into_owned() }
}

#[test]
fn explicit_lifetimes_and_where_clauses() {
    let arguments = r#"{"one":"a","other":"abc","more":"ab"}"#;
    assert_eq!(answer(tools![longer], "longer", arguments), "abc");
}

/// Tell which call this is.
#[tool(pure, inline)]
fn which(before: u8, ctx: ToolContext, after: u8) -> String {
    format!("{} {before} {after} {}", ctx.id(), ctx.is_cancelled())
}

#[test]
fn the_call_itself_is_no_argument() {
    let tools = tools![which];
    assert_eq!(answer(tools, "which", r#"{"after":2,"before":1}"#), "call_1 1 2 false");
    assert_eq!(
        fault(tools, "which", r#"{"after":2,"before":1,"ctx":{}}"#),
        "invalid arguments: `ctx`: unknown argument. Arguments: `before`, `after`"
    );
    assert_eq!(which(1, ToolContext::detached(), 2), "detached 1 2 false");
}

/// Do nothing.
#[tool(pure, inline)]
fn nothing() {}

#[test]
fn no_arguments_are_told_in_four_ways() {
    for text in ["", "{}", "null", " \n{ } "] {
        assert_eq!(answer(tools![nothing], "nothing", text), "done", "{text:?}");
    }
    assert_eq!(
        fault(tools![nothing], "nothing", r#"{"a":1}"#),
        "invalid arguments: `a`: unknown argument. It takes no arguments"
    );
}

/// Search.
#[tool(pure, inline)]
fn search(query: &str, limit: u32, lang: Option<String>) -> String {
    format!("{query} {limit} {lang:?}")
}

#[track_caller]
fn search_fault(arguments: &str) -> String {
    let text = fault(tools![search], "search", arguments);
    let text = text.strip_prefix("invalid arguments: ").unwrap();
    text.strip_suffix(". Arguments: `query`, `limit`, `lang`?").unwrap().to_owned()
}

#[test]
fn all_faults_are_named_at_once() {
    assert_eq!(search_fault(""), "`query`: missing; `limit`: missing");
    assert_eq!(
        search_fault(r#"{"lmit":1,"limit":"x","lang":7,"limit":2}"#),
        "`lmit`: unknown argument (did you mean `limit`?); \
         `limit`: invalid type: string \"x\", expected u32; \
         `lang`: invalid type: integer `7`, expected a string; \
         `limit`: given twice; `query`: missing"
    );
    assert_eq!(
        search_fault(r#"{"query":"a","limit":1,"Query":"b"}"#),
        "`Query`: unknown argument (did you mean `query`?)"
    );
    assert_eq!(search_fault(r#"{"query":"a","limit":1,"qu\u0065ry":"b"}"#), "`query`: given twice");
    assert_eq!(
        search_fault(r#"{"query":"a","limit":-1}"#),
        "`limit`: invalid value: integer `-1`, expected u32"
    );
    assert_eq!(
        search_fault(r#"{"query":null,"limit":1.0}"#),
        "`query`: invalid type: null, expected a string; `limit`: invalid type: floating point `1.0`, expected u32"
    );
}

#[test]
fn a_fault_inside_an_argument_names_its_place() {
    let order = |text: &str| fault(tools![order], "order", &format!(r#"{{"value":{text}}}"#));
    let customer = r#""customer":{"id":1,"e-mail":"x"}"#;
    assert_eq!(
        order(&format!(
            r#"{{{customer},"items":[{{"sku":"a","qty":1}},{{"sku":"b","qty":"two"}}]}}"#
        )),
        "invalid arguments: `value.items[1].qty`: invalid type: string \"two\", expected u32. Arguments: `value`"
    );
    assert_eq!(
        order(&format!("{{{customer},\n \"items\":[\n{{\"sku\":\"a\"}}]}}")),
        "invalid arguments: `value.items[0]`: missing field `qty`. Arguments: `value`"
    );
    assert_eq!(
        order(r#"{"customer":{"id":1,"email":"x"},"items":[]}"#),
        "invalid arguments: `value.customer.email`: unknown field `email`, expected `id` or `e-mail`. Arguments: `value`"
    );
    assert_eq!(
        fault(tools![list], "list", r#"{"value":[1,2,70000]}"#),
        "invalid arguments: `value[2]`: invalid value: integer `70000`, expected u16. Arguments: `value`"
    );
}

#[test]
fn malformed_json_is_told_by_its_place() {
    for (text, wanted, at) in [
        ("[1]", "`{`", 0),
        ("\"x\"", "`{`", 0),
        ("nul", "`{`", 0),
        ("\u{feff}{\"query\":\"a\",\"limit\":1}", "`{`", 0),
        ("{", "a name in quotes", 1),
        ("{query:1}", "a name in quotes", 1),
        ("{\"query\":\"a\",}", "a name in quotes", 13),
        ("{\"que\\xry\":1}", "a name in quotes", 1),
        ("{\"query\"}", "`:`", 8),
        ("{\"query\":}", "valid JSON", 9),
        ("{\"query\":'a'}", "valid JSON", 9),
        ("{\"limit\":01}", "valid JSON", 10),
        ("{\"lang\":[1,[2,\n,3]]}", "valid JSON", 15),
        ("{\"query\":\"a", "valid JSON", 10),
        ("{\"query\":\"a\"", "`,` or `}`", 12),
        ("{\"query\":\"a\" \"limit\":1}", "`,` or `}`", 12),
        ("{\"query\":\"a\",\"limit\":1}}", "its end", 23),
        ("{\"query\":\"a\",\"limit\":1} {}", "its end", 23),
        ("{} x", "its end", 2),
        ("{\"query\":\"a\",\"limit\":1}\u{c}", "its end", 23),
    ] {
        let faults = search_fault(text);
        let told = format!("not a JSON object: expected {wanted} at byte {at}");
        assert_eq!(faults.rsplit("; ").next(), Some(&*told), "{text}");
    }
}

#[test]
fn lone_surrogates_and_huge_numbers_are_refused() {
    for value in [r#""\ud800""#, r#""a\udc00""#, r#""\ud800\ud800""#] {
        let faults = search_fault(&format!(r#"{{"query":{value},"limit":1}}"#));
        assert!(faults.starts_with("`query`: "), "{faults}");
        let faults = fault(tools![any], "any", &format!(r#"{{"value":[{value}]}}"#));
        assert!(faults.starts_with("invalid arguments: `value[0]`: "), "{faults}");
    }
    let digits = "9".repeat(400);
    let faults = search_fault(&format!(r#"{{"query":"a","limit":{digits}}}"#));
    assert_eq!(faults, "`limit`: number out of range");
    assert!(
        fault(tools![any], "any", &format!(r#"{{"value":{digits}}}"#))
            .contains("number out of range")
    );
    assert!(
        fault(tools![float_64], "float_64", &format!(r#"{{"value":1e{digits}}}"#))
            .contains("number out of range")
    );
}

#[test]
fn deep_nesting_is_refused_before_the_stack_ends() {
    for depth in [200, 40_000] {
        let lists = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let text = fault(tools![any], "any", &format!(r#"{{"value":{lists}}}"#));
        assert!(text.contains("recursion limit exceeded"), "{text}");
        assert!(text.len() < 1000, "{} bytes", text.len());
        let trees = format!("{}{}", r#"{"name":"","children":["#.repeat(depth), "]}".repeat(depth));
        let text = fault(tools![tree], "tree", &format!(r#"{{"value":{trees}}}"#));
        assert!(text.contains("recursion limit exceeded"), "{text}");
        assert!(text.len() < 2000, "{} bytes", text.len());
        assert!(fault(tools![nothing], "nothing", &lists).contains("expected `{`"));
        assert!(
            fault(tools![nothing], "nothing", &format!(r#"{{"a":{lists}}}"#))
                .contains("`a`: unknown")
        );
    }
}

#[test]
fn what_is_quoted_is_short_and_on_one_line() {
    let secret = "sk-ant-0123456789".repeat(20);
    for arguments in [
        format!(r#"{{"query":"a","limit":"{secret}"}}"#),
        format!(r#"{{"query":"a","limit":1,"{secret}":1}}"#),
        format!(r#"{{"query":"a","limit":1,"lang":["{secret}"]}}"#),
    ] {
        let faults = search_fault(&arguments);
        assert!(faults.len() < 150 && !faults.contains(&secret[..50]), "{faults}");
    }
    let variant = fault(tools![external], "external", &format!(r#"{{"value":"{secret}"}}"#));
    assert!(!variant.contains(&secret[..50]), "{variant}");

    let hidden = "a\\u202eb\\u0000c\\nd\\u200be\\ud83d\\ude00";
    let faults = search_fault(&format!(r#"{{"query":"a","limit":"{hidden}","{hidden}":1}}"#));
    assert!(!faults.contains(['\u{202e}', '\0', '\n', '\u{200b}']), "{faults:?}");
    assert!(faults.contains(r"a\u{202e}b\u{0}c\nd\u{200b}e😀"), "{faults}");
}

#[test]
fn faults_are_counted_and_capped() {
    let many: Vec<_> = (0..10_000).map(|index| format!(r#""unknown{index}":1"#)).collect();
    let faults = search_fault(&format!("{{{}}}", many.join(",")));
    assert!(faults.split("; ").count() <= 22 && faults.len() < 2000, "{faults}");
}

#[test]
fn a_mebibyte_is_taken_and_not_a_byte_more() {
    let with = |length: usize| {
        let frame = r#"{"query":"","limit":1}"#.len();
        format!(r#"{{"query":"{}","limit":1}}"#, "x".repeat(length - frame))
    };
    assert!(!call(tools![search], "search", &with(1 << 20)).is_error());
    let text = fault(tools![search], "search", &with((1 << 20) + 1));
    assert_eq!(text, "not run: arguments of 1048577 bytes, at most 1048576 are taken");
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Inner {
    id: u64,
    #[serde(default)]
    label: Option<char>,
}

/// Show what was read.
#[tool(pure, inline)]
fn probe(
    count: i32,
    name: &str,
    tags: &[String],
    inner: Option<Inner>,
    ratio: f64,
    flags: BTreeMap<String, bool>,
) -> Value {
    json!([count, name, tags, inner, ratio, flags])
}

/// The same parameters as serde's derive reads them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Probe {
    count: i32,
    name: String,
    tags: Vec<String>,
    inner: Option<Inner>,
    ratio: f64,
    flags: BTreeMap<String, bool>,
}

impl Probe {
    fn shown(self) -> String {
        let Self { count, name, tags, inner, ratio, flags } = self;
        json!([count, name, tags, inner, ratio, flags]).to_string()
    }
}

/// Makes arguments from a seed, good ones and almost good ones.
struct Maker(u64);

impl Maker {
    fn below(&mut self, bound: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    fn blank(&mut self) -> &'static str {
        self.one_of(&["", "", "", " ", "\n", "\t\r "])
    }

    fn text(&mut self) -> String {
        let pieces =
            ["a", "b ", "ä", "😀", "\\n", "\\\"", "\\u0061", "\\ud83d\\ude00", "{", "]", ","];
        let length = self.below(5);
        format!("\"{}\"", (0..length).map(|_| self.one_of(&pieces)).collect::<String>())
    }

    fn list(&mut self, open: &str, close: &str, item: fn(&mut Self) -> String) -> String {
        let mut items = Vec::new();
        for _ in 0..self.below(4) {
            items.push(format!("{}{}{}", self.blank(), item(self), self.blank()));
        }
        format!("{open}{}{close}", items.join(","))
    }

    fn value(&mut self, name: &str) -> String {
        match name {
            "count" => self.one_of(&["0", "-1", "7", "2147483647", "-2147483648", "-0"]).to_owned(),
            "ratio" => {
                self.one_of(&["0", "-1.5", "1e3", "0.1E-2", "123456789012345678901"]).to_owned()
            }
            "name" => self.text(),
            "tags" => self.list("[", "]", Self::text),
            "flags" => self.list("{", "}", |maker| {
                format!("{}:{}{}", maker.text(), maker.blank(), maker.one_of(&["true", "false"]))
            }),
            _ => self
                .one_of(&[
                    "null",
                    r#"{"id":1}"#,
                    r#"{"label":"x","id":2}"#,
                    r#"{ "id" : 3, "label" : null, "more" : [1, {"x": 2}] }"#,
                    "[4,\"y\"]",
                ])
                .to_owned(),
        }
    }

    fn object(&mut self) -> String {
        let mut names = vec!["count", "name", "tags", "inner", "ratio", "flags"];
        for at in (1..names.len()).rev() {
            names.swap(at, self.below(at + 1));
        }
        match self.below(12) {
            0 => names.truncate(5),
            1 => names.push("count"),
            2 => names.push("other"),
            3 => names.retain(|name| *name != "inner"),
            4 => return self.in_a_list(),
            _ => {}
        }
        let members = names.into_iter().map(|name| {
            let (name, value) = if self.below(30) == 0 {
                (name.replace('a', "\\u0061").replace('n', "\\u006E"), self.value("tags"))
            } else {
                (name.replacen('n', self.one_of(&["n", "n", "n", "\\u006e"]), 1), self.value(name))
            };
            let blanks = [self.blank(), self.blank(), self.blank(), self.blank()];
            format!("{}\"{name}\"{}:{}{value}{}", blanks[0], blanks[1], blanks[2], blanks[3])
        });
        let members = members.collect::<Vec<_>>().join(",");
        format!("{}{{{members}}}{}", self.blank(), self.blank())
    }

    /// The values alone, in the order of the fields.
    fn in_a_list(&mut self) -> String {
        let names = ["count", "name", "tags", "inner", "ratio", "flags"];
        format!("[{}]", names.map(|name| self.value(name)).join(","))
    }

    /// Some characters left out, put in or replaced.
    fn mutated(&mut self, text: &str) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(3) {
            let at = self.below(characters.len() + 1);
            let new = self.character();
            match self.below(3) {
                0 => characters.insert(at, new),
                1 => _ = characters.get_mut(at).map(|old| *old = new),
                _ => _ = (at < characters.len()).then(|| characters.remove(at)),
            }
        }
        characters.into_iter().collect()
    }

    fn character(&mut self) -> char {
        let all: Vec<char> =
            "{}[]\",:\\ud8a0019eE.+- \n\t\r\u{c}\u{b}\0\u{7f}\u{a0}nulltruefalsx'/é"
                .chars()
                .collect();
        all[self.below(all.len())]
    }

    fn noise(&mut self) -> String {
        let length = self.below(40);
        let noise: String = (0..length).map(|_| self.character()).collect();
        format!(
            "{}{noise}",
            self.one_of(&["", "{", "{\"", "{\"name\":", "{\"tags\":[", "{\"inner\":{"])
        )
    }
}

#[test]
fn arguments_are_accepted_exactly_where_serde_accepts_them() {
    let (mut maker, tools, runtime) = (Maker(0x5eed), Toolset::from(tools![probe]), runtime());
    let (mut accepted, mut lists) = (0, 0);
    for round in 0..100_000 {
        let object = maker.object();
        let text = if round % 2 == 0 { object } else { maker.mutated(&object) };
        let result = runtime.block_on(tools.call("probe", &*text));
        match serde_json::from_str::<Probe>(&text) {
            // serde reads a struct from a list too; arguments are an object.
            Ok(_) if text.trim_start().starts_with('[') => {
                assert!(result.is_error(), "{text}");
                lists += 1;
            }
            Ok(probe) => {
                assert_eq!(result.text(), probe.shown(), "{text}");
                accepted += 1;
            }
            Err(error) => {
                assert!(result.is_error(), "{text}: {error}");
                let told = result.text().strip_prefix("invalid arguments: ").expect(&text);
                assert!(
                    told.starts_with('`') || told.starts_with("not a JSON object"),
                    "{text}: {told}"
                );
            }
        }
    }
    assert!((20_000..80_000).contains(&accepted) && lists > 1000, "{accepted} good, {lists} lists");
}

#[test]
fn no_text_makes_the_reader_panic() {
    let (mut maker, tools, runtime) =
        (Maker(7), Toolset::from(tools![probe, tree, any]), runtime());
    for round in 0..30_000 {
        let (name, text) = (["probe", "tree", "any"][round % 3], maker.noise());
        let result = runtime.block_on(tools.call(name, &*text));
        assert!(!result.text().contains("panicked"), "{text:?}: {}", result.text());
        assert!(result.is_error() || text.trim_start().starts_with('{'), "{text:?}");
    }
}

#[track_caller]
fn schema(tools: impl Into<Toolset>, expected: &str) {
    assert_eq!(tools.into().definitions()[0].schema().get(), expected);
}

/// Find documents.
#[tool(read, inline)]
fn find(
    /// Words to look for.
    query: &str,
    /// How many hits.
    #[arg(default = 10)]
    limit: u32,
    tags: &[String],
    lang: Option<External>,
    #[arg(rename = "since", description = "A year.")] after: Option<i16>,
    ctx: ToolContext,
) -> Vec<String> {
    vec![format!("{query} {limit} {tags:?} {} {after:?} {ctx:?}", lang.is_some())]
}

#[test]
fn schemas_word_by_word() {
    schema(tools![nothing], r#"{"type":"object","properties":{},"additionalProperties":false}"#);
    schema(
        tools![find],
        concat!(
            r#"{"type":"object","properties":{"query":{"description":"Words to look for.","#,
            r#""type":"string"},"limit":{"default":10,"description":"How many hits.","#,
            r#""type":"integer"},"tags":{"items":{"type":"string"},"type":"array"},"#,
            r#""lang":{"anyOf":[{"oneOf":[{"enum":["Unit"],"type":"string"},"#,
            r#"{"additionalProperties":false,"properties":{"Newtype":{"maximum":255,"#,
            r#""type":"integer"}},"required":["Newtype"],"type":"object"},"#,
            r#"{"additionalProperties":false,"properties":{"Tuple":{"maxItems":2,"#,
            r#""minItems":2,"prefixItems":[{"maximum":255,"type":"integer"},"#,
            r#"{"type":"string"}],"type":"array"}},"required":["Tuple"],"type":"object"},"#,
            r#"{"additionalProperties":false,"#,
            r#""properties":{"Struct":{"properties":{"x":{"type":"number"}},"#,
            r#""required":["x"],"type":"object"}},"required":["Struct"],"type":"object"}]},"#,
            r#"{"type":"null"}]},"since":{"description":"A year.","maximum":32767,"#,
            r#""minimum":-32768,"type":["integer","null"]}},"required":["query","tags"],"#,
            r#""additionalProperties":false}"#,
        ),
    );
    schema(
        tools![order],
        concat!(
            r#"{"type":"object","#,
            r#""properties":{"value":{"properties":{"customer":{"additionalProperties":false,"#,
            r#""properties":{"e-mail":{"type":"string"},"id":{"type":"integer"}},"#,
            r#""required":["id","e-mail"],"type":"object"},"#,
            r#""items":{"items":{"properties":{"qty":{"type":"integer"},"#,
            r#""sku":{"type":"string"}},"required":["sku","qty"],"type":"object"},"#,
            r#""type":"array"},"note":{"type":["string","null"]}},"required":["customer","#,
            r#""items"],"type":"object"}},"required":["value"],"#,
            r#""additionalProperties":false}"#,
        ),
    );
    schema(
        tools![tree],
        concat!(
            r#"{"type":"object","#,
            r#""properties":{"value":{"properties":{"children":{"default":[],"#,
            r##""items":{"$ref":"#/$defs/Tree"},"type":"array"},"name":{"type":"string"},"##,
            r##""parent":{"anyOf":[{"$ref":"#/$defs/Tree"},{"type":"null"}]}},"##,
            r#""required":["name"],"type":"object"}},"required":["value"],"#,
            r#""$defs":{"Tree":{"properties":{"children":{"default":[],"#,
            r##""items":{"$ref":"#/$defs/Tree"},"type":"array"},"name":{"type":"string"},"##,
            r##""parent":{"anyOf":[{"$ref":"#/$defs/Tree"},{"type":"null"}]}},"##,
            r#""required":["name"],"type":"object"}},"additionalProperties":false}"#,
        ),
    );
    schema(
        tools![any],
        concat!(
            r#"{"type":"object","properties":{"value":{}},"required":["value"],"#,
            r#""additionalProperties":false}"#,
        ),
    );
}
