//! The documents tell the truth: what they show is what runs. Their Rust blocks are doctests of
//! this package.

use agent_core::{Agent, Outcome, Response, ScriptedModel, tools};
use std::fs;
use std::path::{Path, PathBuf};

/// A tool that the documents speak of but do not show.
mod hidden {
    use std::time::Duration;

    /// Compute the tax on an amount.
    #[agent_core::tool(pure)]
    pub(crate) async fn tax(amount: u32) -> u32 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        amount / 5
    }
}

// The tools of the README, letter by letter.
use agent_core::tool;
use std::time::Duration;
use tokio::time::sleep;

/// How many pieces of an item are in stock.
#[tool(read)]
async fn stock(item: &str) -> usize {
    sleep(Duration::from_millis(300)).await; // as a database would take
    item.len()
}

/// Order pieces of an item.
#[tool(write)]
async fn order(item: &str, pieces: u32) -> String {
    sleep(Duration::from_millis(200)).await;
    format!("{pieces} of {item} are on their way")
}

async fn five_calls() -> Outcome {
    let model = ScriptedModel::new()
        .latency(Duration::from_millis(400))
        .turn(|_| {
            Response::new()
                .call("stock", r#"{"item": "pens"}"#)
                .call("stock", r#"{"item": "ink"}"#)
                .call("order", r#"{"item": "ink", "pieces": 2}"#)
                .call("stock", r#"{"item": "ink"}"#)
                .call("tax", r#"{"amount": 40}"#)
        })
        .turn(|_| Response::new().with_text("done"));
    let agent = Agent::new(model).tools(tools![hidden::tax, order, stock]);
    agent.run("Order ink if there is none").await.unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The code blocks of a document in this language.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let open = format!("```{language}\n");
    let text = read(document);
    let blocks = text.split(&open).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_waterfall_of_the_readme_is_what_its_tools_print() {
    let shown = &blocks("README.md", "text")[1];
    let timeline = five_calls().await.timeline();
    assert_eq!(*shown, format!("{timeline}\n"), "print this:\n{timeline}");
    let tools = &blocks("README.md", "rust")[0];
    assert!(include_str!("docs.rs").contains(tools.as_str()), "the tools are those of this file");
}

mod first {
    use agent_core::tool;
    use std::{fs, io, path::PathBuf};

    /// Read a text file.
    #[tool(read(file = path))]
    pub(super) fn read(path: PathBuf) -> io::Result<String> {
        fs::read_to_string(path)
    }

    /// Replace the first occurrence of a text in a file.
    #[tool(write(file = path))]
    pub(super) fn edit(path: PathBuf, old: &str, new: &str) -> io::Result<()> {
        fs::write(&path, fs::read_to_string(&path)?.replacen(old, new, 1))
    }
}

/// A line of a waterfall without its bar and its times, which are different each time.
fn shape(line: &str) -> String {
    let (label, rest) = line.split_once('▏').unwrap_or(("", ""));
    let note = rest.split_once(" for ").map_or("", |(_, whom)| whom);
    format!("{} {note}", label.trim())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_screen_of_the_readme_is_what_its_program_does() {
    let folder = tempfile::tempdir().unwrap();
    // The tools are given relative paths; all else here is absolute.
    std::env::set_current_dir(&folder).unwrap();
    for file in ["a.md", "b.md"] {
        fs::write(file, "Foo and Baz").unwrap();
    }
    let edit = |path, old, new| format!(r#"{{"path":"{path}","old":"{old}","new":"{new}"}}"#);
    let read = |path| format!(r#"{{"path":"{path}"}}"#);
    let calls = Response::new()
        .call("edit", edit("a.md", "Foo", "Bar"))
        .call("edit", edit("a.md", "Baz", "Qux"))
        .call("edit", edit("b.md", "Foo", "Bar"))
        .call("edit", edit("b.md", "Baz", "Qux"))
        .call("read", read("a.md"))
        .call("read", read("b.md"));
    let model = ScriptedModel::new()
        .turn(move |_| calls.clone())
        .turn(|_| Response::new().with_text("done"));
    let outcome = Agent::new(model).tools(tools![first::edit, first::read]).run("go").await;
    let outcome = outcome.unwrap();
    let results: Vec<_> =
        outcome.transcript().results().map(agent_core::ToolResult::text).collect();
    assert_eq!(results[4..], ["Bar and Qux", "Bar and Qux"]);

    let timeline = outcome.timeline().to_string();
    let shapes = |text: &str| text.lines().map(shape).collect::<Vec<_>>();
    let shown = &blocks("README.md", "text")[0];
    assert_eq!(shapes(shown), shapes(&timeline), "print this:\n{timeline}");
    // The tools are those of the first block, however they are broken into lines.
    let letters = |text: &str| text.split_whitespace().collect::<String>();
    let first = letters(&blocks("README.md", "rust,no_run")[0]);
    let (tools, _) = first.split_once("#[tokio::main]").unwrap();
    let (_, tools) = tools.split_once("///").unwrap();
    let here = letters(&include_str!("docs.rs").replace("pub(super) ", ""));
    assert!(here.contains(tools), "the tools are those of this file");
}

#[test]
fn the_layers_are_those_that_are_tested() {
    let tested = include_str!("layers.rs").split_whitespace().collect::<String>();
    for line in blocks("docs/architecture.md", "text")[0].lines() {
        let (modules, _) = line.split_once("  ").unwrap();
        let row = modules.split(' ').map(|module| format!("\"{module}\"")).collect::<Vec<_>>();
        assert!(tested.contains(&format!("&[{}]", row.join(","))), "{modules}");
    }
}

/// The document with its Rust blocks cut anew from this text: each begins at the line it begins
/// with and ends where the next one begins, the last where a line begins with `end`.
fn cut_anew(document: &str, source: &str, end: &str) -> String {
    let mut parts = document.split("```rust\n");
    let mut anew = parts.next().unwrap().to_owned();
    let parts: Vec<_> = parts.map(|part| part.split_once("```").unwrap()).collect();
    let mut rest = source;
    for (at, (block, prose)) in parts.iter().enumerate() {
        let next = parts.get(at + 1).map_or(end, |(block, _)| block.lines().next().unwrap());
        let first = block.lines().next().unwrap();
        assert!(rest.starts_with(first), "`{first}` is not at the start of:\n{rest}");
        let length =
            1 + rest[1..].find(&format!("\n{next}")).unwrap_or_else(|| panic!("no line `{next}`"));
        let (block, after) = rest.split_at(length + 1);
        anew += &format!("```rust\n{}\n```{prose}", block.trim_end());
        rest = after;
    }
    anew
}

#[test]
fn the_expansion_is_that_of_the_golden_test() {
    let document = read("docs/expansion.md");
    let golden = read("tests/golden/state.in.rs") + &read("tests/golden/state.out.rs");
    let (input, output) = golden.split_once("\n/// Count the notes.").unwrap();
    let output = &output[output.find("/// Append a note.").unwrap()..];
    let anew = cut_anew(&document, &format!("{input}\n{output}"), "/// Count the notes.");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(root().join("docs/expansion.md"), anew).unwrap();
        return;
    }
    assert_eq!(document, anew, "run it with `UPDATE_EXPECT=1` to write the document");
}

#[test]
fn the_first_thirty_lines_of_the_readme_hold_a_complete_program() {
    let text = read("README.md");
    let end = text.lines().position(|line| line == "```").unwrap();
    assert!(end <= 30, "its last line is {end}");
    assert!(blocks("README.md", "rust,no_run")[0].contains("async fn main()"));
}

#[test]
fn what_the_documents_name_is_there() {
    let commands = blocks("README.md", "sh").concat() + &read("README.md");
    let examples = commands.split("cargo run --example ").skip(1);
    for name in examples.map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap()) {
        let example = root().join("examples/examples").join(name);
        let is_there = example.with_extension("rs").exists() || example.join("main.rs").exists();
        assert!(is_there, "no example {name}");
    }
    for document in ["README.md", "docs/guide.md", "docs/expansion.md", "docs/architecture.md"] {
        let text = read(document);
        let links = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for link in links.filter(|link| !link.starts_with("http")) {
            match link.strip_prefix('#') {
                Some(anchor) => assert!(anchors(&text).contains(&anchor.to_owned()), "{link}"),
                None => assert!(root().join(document).with_file_name(link).exists(), "{link}"),
            }
        }
    }
}

/// The headings, as links name them.
fn anchors(document: &str) -> Vec<String> {
    let headings = document.lines().filter_map(|line| line.strip_prefix('#'));
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-');
    let anchor = |heading: &str| {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        text.chars().filter(kept).collect::<String>().replace(' ', "-")
    };
    headings.map(anchor).collect()
}
