//! Any text as the arguments of a call.
//!
//! They are read as serde reads the same parameters from a struct with `deny_unknown_fields`, and what
//! it refuses is refused: in one line that is short and quotes little. Arguments that somebody else
//! reads too are the JSON objects in which each key stands once.
//!
//! Serde takes more and less in three places: it reads a struct from a list too, it reads no arguments
//! at all from an empty text or `null`, and it counts the outermost object as a level of depth.

#![no_main]

use agent_core::{Access, DynamicTool, ToolError, ToolResult, Toolset, tool, tools};
use libfuzzer_sys::fuzz_target;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::BTreeMap;
use tokio::runtime::{self, Runtime};

/// As many characters as a fault has, and as it repeats of the arguments.
const SHORT: usize = 6000;
const QUOTE: usize = 100;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Plain,
    Sized(u8),
    Named { name: String },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Spec {
    id: i64,
    #[serde(default)]
    label: Option<char>,
    #[serde(default)]
    children: Vec<Spec>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Nest(BTreeMap<String, Nest>);

/// Read numbers.
#[tool(pure, inline)]
fn numbers(
    a: u8,
    b: Option<i64>,
    #[arg(default = 1.5)] c: f64,
    d: Option<f32>,
    #[arg(default)] e: Vec<u64>,
) -> Value {
    json!([a, b, c, d, e])
}

/// Read texts.
#[tool(pure, inline)]
fn texts(a: &str, b: &[Cow<'_, str>], #[arg(rename = "c d")] c: Option<String>, d: char) -> Value {
    json!([a, b, c, d])
}

/// Read values of several kinds.
#[tool(pure, inline)]
fn kinds(
    a: Option<Kind>,
    b: Option<Spec>,
    c: Option<Nest>,
    d: Option<BTreeMap<u8, bool>>,
    e: Option<(u8, String)>,
) -> Value {
    json!([a, b, c, d, e])
}

/// Read anything.
#[tool(pure, inline)]
fn any(a: Value, b: Option<Value>) -> Value {
    json!([a, b])
}

/// The same parameters as serde's derive reads them, as a list.
trait Parameters: DeserializeOwned {
    fn shown(self) -> Value;
}

macro_rules! parameters {
    ($name:ident { $($(#[$options:meta])* $field:ident: $of:ty),* $(,)? }) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name { $($(#[$options])* $field: $of),* }

        impl Parameters for $name {
            fn shown(self) -> Value {
                json!([$(self.$field),*])
            }
        }
    };
}

fn one_and_a_half() -> f64 {
    1.5
}

parameters!(Numbers {
    a: u8,
    b: Option<i64>,
    #[serde(default = "one_and_a_half")]
    c: f64,
    d: Option<f32>,
    #[serde(default)]
    e: Vec<u64>,
});
parameters!(Texts {
    a: String,
    b: Vec<String>,
    #[serde(rename = "c d")]
    c: Option<String>,
    d: char,
});
parameters!(Kinds {
    a: Option<Kind>,
    b: Option<Spec>,
    c: Option<Nest>,
    d: Option<BTreeMap<u8, bool>>,
    e: Option<(u8, String)>,
});
parameters!(Any { a: Value, b: Option<Value> });

struct Reader {
    tools: Toolset,
    runtime: Runtime,
}

impl Reader {
    fn new() -> Self {
        let schema = json!({"type": "object"});
        let read = |arguments, _| async move { Ok::<Value, ToolError>(arguments) };
        let shared =
            DynamicTool::new("shared", "Read what others read too.", schema, Access::Pure, read);
        let tools = Toolset::from(tools![numbers, texts, kinds, any]);
        let tools = tools.and(shared).unwrap();
        let runtime = runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Self { tools, runtime }
    }

    fn call(&self, name: &str, text: &str) -> ToolResult {
        let result = self.runtime.block_on(self.tools.call(name, text));
        if result.is_error() {
            is_short(result.text(), text);
        }
        result
    }

    fn compare<T: Parameters>(&self, name: &str, text: &str) {
        let result = self.call(name, text);
        let wanted = match text.trim_matches(BLANKS) {
            "" | "null" => "{}",
            text => text,
        };
        match serde_json::from_str::<T>(wanted) {
            Ok(_) if wanted.starts_with('[') => assert!(result.is_error(), "{name}: a list"),
            Ok(read) => assert_eq!(result.text(), read.shown().to_string(), "{name}"),
            Err(error) if error.to_string().starts_with("recursion limit") => {}
            Err(error) => assert!(result.is_error(), "{name}: {error}: {}", result.text()),
        }
    }

    /// As those read them who read arguments a second time.
    fn compare_shared(&self, text: &str) {
        let result = self.call("shared", text);
        if text.contains(RESERVED) {
            // As a key it is refused, and `serde_json` may read such an object as another value.
            return;
        }
        let wanted = match text.trim_matches(BLANKS) {
            "" | "null" => "{}",
            text => text,
        };
        match serde_json::from_str::<Value>(wanted) {
            Ok(value) if value.is_object() && members(&value) == colons(wanted) => {
                assert_eq!(result.text(), value.to_string());
            }
            other => assert!(result.is_error(), "{other:?}: {}", result.text()),
        }
    }
}

/// With this the keys begin by which `serde_json` marks its own types.
const RESERVED: &str = "$serde_json::private::";

/// Those of JSON.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// How many members a value's objects have.
fn members(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.len() + map.values().map(members).sum::<usize>(),
        Value::Array(list) => list.iter().map(members).sum(),
        _ => 0,
    }
}

/// How many members a text names: it has a colon outside of strings for each.
fn colons(text: &str) -> usize {
    let (mut within, mut escaped, mut colons) = (false, false, 0);
    for byte in text.bytes() {
        match byte {
            b'"' if !escaped => within = !within,
            b':' if !within => colons += 1,
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
    }
    colons
}

fn is_short(fault: &str, text: &str) {
    assert!(fault.starts_with("invalid arguments: "), "{fault}");
    let length = fault.chars().count();
    assert!(length <= SHORT, "{length} characters: {fault}");
    assert!(!fault.contains(char::is_control), "{fault:?}");
    // What is quoted of twice as much has one of these pieces in it.
    let text: Vec<char> = text.chars().collect();
    for piece in text.chunks_exact(QUOTE) {
        let piece: String = piece.iter().collect();
        assert!(!fault.contains(&piece), "it quotes much: {fault}");
    }
}

thread_local! {
    static READER: LazyCell<Reader> = LazyCell::new(Reader::new);
}

fuzz_target!(|text: &str| {
    READER.with(|reader| {
        reader.compare::<Numbers>("numbers", text);
        reader.compare::<Texts>("texts", text);
        reader.compare::<Kinds>("kinds", text);
        reader.compare::<Any>("any", text);
        reader.compare_shared(text);
    });
});
