//! Answers that nobody has seen yet, made of recorded ones.

use serde_json::{Value, json};

/// An answer and what was done to it.
pub(crate) struct Mutation {
    pub(crate) what: String,
    pub(crate) body: String,
}

/// What stands where something else is expected; `None` for nothing at all.
fn ill_typed() -> [Option<Value>; 10] {
    let values = json!([null, 5, -1.5, true, "x", "", "a.b \u{fc}", [], {}]);
    let mut values = values.as_array().unwrap().clone().into_iter();
    std::array::from_fn(|_| values.next())
}

/// Answers that are odd, but answers.
pub(crate) fn odd(body: &str) -> Vec<Mutation> {
    let whole: Value = serde_json::from_str(body).unwrap();
    let mut all = spellings(&whole);
    let mut add = |what: String, value: Value| {
        all.push(Mutation { what, body: value.to_string() });
    };
    add("unknown fields".to_owned(), with_unknown_fields(&whole));
    add("no content".to_owned(), with(&whole, &["content"], Some(json!([]))));
    for (at, unknown) in unknown_blocks(&whole) {
        let what = format!("{unknown} as block {at}");
        let mut odd = whole.clone();
        odd["content"].as_array_mut().unwrap().insert(at, unknown);
        add(what, odd);
    }
    for (at, block) in whole["content"].as_array().unwrap().iter().enumerate() {
        let mut odd = whole.clone();
        odd["content"].as_array_mut().unwrap().push(block.clone());
        add(format!("block {at} twice"), odd);
        for name in ["type", "text", "id", "name", "input", "caller", "thinking", "signature"] {
            for value in ill_typed() {
                let what = format!("`{name}` of block {at}: {value:?}");
                let mut odd = whole.clone();
                odd["content"][at] = with(block, &[name], value);
                add(what, odd);
            }
        }
    }
    for reason in
        [json!("lunch"), json!(""), json!("TOOL_USE"), json!("tool\u{5f}\"use"), json!(null)]
    {
        add(format!("stopped by {reason}"), with(&whole, &["stop_reason"], Some(reason)));
    }
    add("stopped by nothing".to_owned(), with(&whole, &["stop_reason"], None));
    for path in [
        &["usage"][..],
        &["usage", "input_tokens"],
        &["usage", "output_tokens"],
        &["usage", "cache_read_input_tokens"],
        &["usage", "output_tokens_details"],
        &["usage", "output_tokens_details", "thinking_tokens"],
        &["model"],
        &["stop_details"],
        &["id"],
        &["role"],
        &["type"],
    ] {
        for value in ill_typed().into_iter().chain([Some(json!(u64::MAX)), Some(json!(1e300))]) {
            let what = format!("{}: {value:?}", path.join("."));
            add(what, with(&whole, path, value));
        }
    }
    all
}

/// Answers of success that hold no response.
pub(crate) fn broken(body: &str) -> Vec<Mutation> {
    let whole: Value = serde_json::from_str(body).unwrap();
    let no_list = ill_typed().into_iter().filter(|value| *value != Some(json!([])));
    let broken = no_list.map(|value| {
        let what = format!("content: {value:?}");
        Mutation { what, body: with(&whole, &["content"], value).to_string() }
    });
    let nothing = ["", " ", "null", "{}", "[]", "5", "\"content\"", "<html></html>", "\u{feff}{}"];
    let nothing = nothing.map(|body| Mutation { what: body.to_owned(), body: body.to_owned() });
    broken
        .chain(nothing)
        .chain([Mutation { what: "two".to_owned(), body: body.repeat(2) }])
        .collect()
}

/// The same answer, written otherwise.
fn spellings(whole: &Value) -> Vec<Mutation> {
    let pretty = serde_json::to_string_pretty(whole).unwrap();
    let spelling = |what: &str, body: String| Mutation { what: what.to_owned(), body };
    vec![
        spelling("in lines", pretty.clone()),
        spelling("in lines with returns and tabs", pretty.replace('\n', "\r\n\t")),
        spelling("with blanks around it", format!(" \r\n\t{whole}\n\n ")),
    ]
}

fn with_unknown_fields(whole: &Value) -> Value {
    fn add(value: &mut Value) {
        value["aa_new"] = json!({"type": "text", "content": [1, 2.5, "x", null]});
        value["zz_new"] = json!(["\u{1f980}\\\"", 1e300]);
    }
    let mut whole = whole.clone();
    whole["content"].as_array_mut().unwrap().iter_mut().for_each(add);
    add(&mut whole["usage"]);
    add(&mut whole);
    whole
}

fn unknown_blocks(whole: &Value) -> Vec<(usize, Value)> {
    let unknown = json!([
        {"type": "hologram", "text": "not a text", "id": "not_a_call", "input": {"deep": [[[{}]]]}},
        {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "far", "input": {}},
        {"type": "compaction", "content": null},
        {"text": "of no type"},
        {},
        [],
        null,
        "a text",
        5
    ]);
    let places = 0..=whole["content"].as_array().unwrap().len();
    let all = places.flat_map(|at| unknown.as_array().unwrap().iter().map(move |it| (at, it)));
    all.map(|(at, unknown)| (at, unknown.clone())).collect()
}

/// A value with another one, or none, at a place in it.
fn with(whole: &Value, path: &[&str], value: Option<Value>) -> Value {
    let mut whole = whole.clone();
    let (last, path) = path.split_last().unwrap();
    let place = path.iter().fold(&mut whole, |inner, name| {
        if inner[*name].is_null() {
            inner[*name] = json!({});
        }
        &mut inner[*name]
    });
    match value {
        Some(value) => place[*last] = value,
        None => _ = place.as_object_mut().unwrap().remove(*last),
    }
    whole
}
