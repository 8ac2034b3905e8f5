//! Eight calls in one response, over the real files of this checkout.
//!
//! `cargo run --example files`
//!
//! The model is scripted; the tools are not. They read files and run `cargo`, so each is a plain
//! `fn`: its calls run on threads that may block. The last text is made of what they returned.

use std::error::Error;
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use agent_core::{Agent, Response, ScriptedModel, ToolError, ToolResult, tool, tools};
use ignore::Walk;
use serde::Deserialize;

/// Where the tools look: state of the program, which the model neither sees nor sends.
struct Root(PathBuf);

impl Root {
    /// All files that git does not ignore, by their path from here.
    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let entries = Walk::new(&self.0).flatten();
        let files = entries.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
        files.filter_map(|entry| Some(entry.path().strip_prefix(&self.0).ok()?.to_owned()))
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        fs::read_to_string(self.0.join(path))
    }
}

/// Find a text in all files: one `path:line` for each place.
#[tool(read)]
fn search(root: &Root, text: &str) -> String {
    let mut places = Vec::new();
    for path in root.files() {
        let content = root.read(&path).unwrap_or_default();
        let lines = (1..).zip(content.lines()).filter(|(_, line)| line.contains(text));
        places.extend(lines.map(|(number, _)| format!("{}:{number}", path.display())));
    }
    places.join("\n")
}

/// Read the beginning of a text file.
#[tool(read)]
fn read(
    root: &Root,
    /// From the root of the checkout.
    path: &str,
    #[arg(default = 1)] lines: usize,
) -> Result<String, ToolError> {
    let path = Path::new(path);
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(ToolError::retry("write the path from the root of the checkout, without `..`"));
    }
    Ok(root.read(path)?.lines().take(lines).collect::<Vec<_>>().join("\n"))
}

/// Count the files with an extension, and their lines.
#[tool(read)]
fn count(root: &Root, extension: &str) -> String {
    let files = root.files().filter(|path| path.extension().is_some_and(|it| it == extension));
    let lines: Vec<_> =
        files.map(|path| root.read(&path).unwrap_or_default().lines().count()).collect();
    format!("{} lines in {} files", lines.iter().sum::<usize>(), lines.len())
}

/// List the packages of the workspace.
#[tool(read, timeout = "30s")]
fn packages(root: &Root) -> Result<String, Box<dyn Error + Send + Sync>> {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let metadata = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(&root.0)
        .output()?;
    let metadata: Metadata = serde_json::from_slice(&metadata.stdout)?;
    let names: Vec<_> = metadata.packages.into_iter().map(|package| package.name).collect();
    Ok(names.join(", "))
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}

/// What the model says last, made of what the tools returned.
fn summary(results: &[ToolResult]) -> Option<String> {
    let [packages, rust, markdown, tools, catches, title, toolchain, roadmap] = results else {
        return None;
    };
    Some(format!(
        "{}, with the packages {}.\nRust: {}; {}.\nMarkdown: {}.\n\
         `#[tool` stands in {} lines; `catch_unwind(` in {}, first in {}.\n\
         docs/roadmap.md could not be read: {}.",
        title.text().trim_start_matches(['#', ' ']),
        packages.text(),
        rust.text(),
        toolchain.text().lines().last()?,
        markdown.text(),
        tools.text().lines().count(),
        catches.text().lines().count(),
        catches.text().lines().next()?,
        roadmap.text(),
    ))
}

fn model() -> ScriptedModel {
    ScriptedModel::new()
        .turn(|_| {
            Response::new()
                .call("packages", "{}")
                .call("count", r#"{"extension": "rs"}"#)
                .call("count", r#"{"extension": "md"}"#)
                .call("search", r##"{"text": "#[tool"}"##)
                .call("search", r#"{"text": "catch_unwind("}"#)
                .call("read", r#"{"path": "README.md"}"#)
                .call("read", r#"{"path": "rust-toolchain.toml", "lines": 2}"#)
                // There is none: this call fails, and its siblings do not.
                .call("read", r#"{"path": "docs/roadmap.md"}"#)
        })
        .turn(|request| {
            let text = summary(request.results());
            Response::new().with_text(text.unwrap_or("Some results are missing.".to_owned()))
        })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let root = Root(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let agent = Agent::new(model()).tools(tools![count, packages, read, search].with_state(root));
    let outcome = agent.run("Describe this checkout.").await?;

    println!("(The model is scripted; files and numbers are those of this checkout.)\n");
    println!("{}\n\n{}", outcome.text(), outcome.timeline());
    Ok(())
}
