//! In what a recorded request and ours may differ; in all else they are the same.

use serde_json::{Value, json};

use super::exchanges::{UNDESCRIBED, list, text};

/// What may differ between a recorded request and ours.
pub(crate) struct Difference {
    pub(crate) why: &'static str,
    /// Brings both to one form.
    level: fn(&mut Value),
}

pub(crate) const DIFFERENCES: [Difference; 12] = [
    Difference { why: "we mark what a prompt cache shall keep", level: unmark_cache },
    Difference {
        why: "we say nothing of streams where we want none",
        level: |body| {
            if body["stream"] == false {
                remove(body, "stream");
            }
        },
    },
    Difference { why: "a system prompt is a text, or a list with one", level: list_system },
    Difference { why: "a choice of `auto` is the default", level: drop_auto_choice },
    Difference { why: "our tools are sorted by name", level: sort_tools },
    Difference { why: "our tools have a description", level: describe_tools },
    Difference { why: "our schemas are not strict yet", level: relax_tools },
    Difference { why: "a result is a text, or a list with one", level: unlist_results },
    Difference { why: "a client puts a blank before calls", level: drop_blank_texts },
    Difference { why: "a recording writes dashes and quotes plainly", level: write_plainly },
    Difference { why: "`is_error: false` is the default", level: drop_no_error },
    Difference { why: "`caller` goes back; a recorded client drops it", level: drop_caller },
];

fn remove(value: &mut Value, name: &str) {
    value.as_object_mut().unwrap().remove(name);
}

pub(crate) fn members<'a>(body: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    body.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

fn content<'a>(body: &'a mut Value, kind: &'static str) -> impl Iterator<Item = &'a mut Value> {
    let blocks = members(body, "messages").flat_map(|message| members(message, "content"));
    blocks.filter(move |block| block["type"] == kind)
}

fn unmark_cache(body: &mut Value) {
    remove(body, "cache_control");
    members(body, "tools").for_each(|tool| remove(tool, "cache_control"));
    let system = members(body, "system");
    system.for_each(|text| remove(text, "cache_control"));
}

fn list_system(body: &mut Value) {
    if let Some(text) = body["system"].as_str() {
        body["system"] = json!([{"type": "text", "text": text}]);
    }
}

fn drop_auto_choice(body: &mut Value) {
    if body["tool_choice"] == json!({"type": "auto"}) {
        remove(body, "tool_choice");
    }
}

fn sort_tools(body: &mut Value) {
    if let Some(tools) = body.get_mut("tools").and_then(Value::as_array_mut) {
        tools.sort_by(|one, other| text(&one["name"]).cmp(text(&other["name"])));
    }
}

fn describe_tools(body: &mut Value) {
    let empty = members(body, "tools").filter(|tool| tool["description"] == "");
    empty.for_each(|tool| tool["description"] = json!(UNDESCRIBED));
}

fn relax_tools(body: &mut Value) {
    members(body, "tools").for_each(|tool| remove(tool, "strict"));
}

fn unlist_results(body: &mut Value) {
    for result in content(body, "tool_result") {
        if let [one] = list(&result["content"]) {
            assert_eq!(one["type"], "text");
            result["content"] = one["text"].clone();
        }
    }
}

fn drop_no_error(body: &mut Value) {
    let fine = content(body, "tool_result").filter(|result| result["is_error"] == false);
    fine.for_each(|result| remove(result, "is_error"));
}

fn drop_blank_texts(body: &mut Value) {
    for message in members(body, "messages") {
        if let Some(content) = message.get_mut("content").and_then(Value::as_array_mut) {
            content.retain(|block| block["text"] != " ");
        }
    }
}

fn write_plainly(body: &mut Value) {
    for result in content(body, "web_search_tool_result") {
        for found in members(result, "content") {
            let title = text(&found["title"]).replace('\u{2013}', "-").replace('\u{2019}', "'");
            found["title"] = json!(title);
        }
    }
}

fn drop_caller(body: &mut Value) {
    let direct = json!({"type": "direct"});
    for kind in ["tool_use", "web_search_tool_result"] {
        let direct = content(body, kind).filter(|block| block["caller"] == direct);
        direct.for_each(|block| remove(block, "caller"));
    }
}

/// A body on the level of all differences but one.
pub(crate) fn level(body: &Value, without: Option<usize>) -> Value {
    let mut body = body.clone();
    for (at, Difference { level, .. }) in DIFFERENCES.iter().enumerate() {
        if Some(at) != without {
            level(&mut body);
        }
    }
    body
}
