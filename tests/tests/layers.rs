//! The layers of `agent-core`: imports point down only, so that every file can be understood from
//! the files below it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Top to bottom. A module imports modules of its own row, without a circle, and of rows below.
const LAYERS: [&[&str]; 6] = [
    &["providers", "transport", "testing"],
    &["agent", "run", "conversation", "event", "timeline", "outcome", "record"],
    &["dispatch", "policy", "approval", "limits", "halt", "model", "retry"],
    &["toolset", "ledger", "slots"],
    &["tool", "access", "key", "state", "output", "context", "arguments"],
    &["transcript", "schema", "error", "sync"],
];

/// What generated code names; it re-exports from all layers, and nobody imports it.
const PRIVATE: &str = "private";

type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn imports_point_down() {
    let imports = imports();
    let pairs = imports.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    let up = pairs.filter(|(from, to)| row(to) < row(from));
    assert_eq!(up.collect::<Vec<_>>(), []);
}

#[test]
fn no_row_has_a_circle() {
    let mut imports = imports();
    for (from, to) in &mut imports {
        to.retain(|to| row(to) == row(from));
    }
    // What imports nothing that is left stands in no circle.
    let free = |imports: &Imports| {
        imports.iter().find(|(_, to)| to.is_empty()).map(|(from, _)| from.clone())
    };
    while let Some(free) = free(&imports) {
        imports.remove(&free);
        for to in imports.values_mut() {
            to.remove(&free);
        }
    }
    assert_eq!(imports, Imports::new());
}

#[test]
fn every_layer_names_modules_that_exist() {
    let modules: BTreeSet<_> = imports().into_keys().collect();
    let layers: BTreeSet<_> = LAYERS.concat().into_iter().map(str::to_owned).collect();
    assert_eq!(modules, layers);
}

fn row(module: &str) -> usize {
    let row = LAYERS.iter().position(|row| row.contains(&module));
    row.unwrap_or_else(|| {
        panic!("`{module}` has no layer: give it one here and in docs/architecture.md")
    })
}

/// For each module the others that it names, outside of its tests.
fn imports() -> Imports {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../agent-core/src");
    let exports = exports(&fs::read_to_string(root.join("lib.rs")).unwrap());
    let mut imports = Imports::new();
    for path in sources(&root) {
        let within = path.strip_prefix(&root).unwrap();
        let first = within.iter().next().unwrap().to_str().unwrap();
        let module = first.trim_end_matches(".rs");
        if module == "lib" || module == PRIVATE {
            continue;
        }
        let code = code(&fs::read_to_string(&path).unwrap());
        let depth = within.components().count();
        let is_top = depth == 1 || (depth == 2 && within.ends_with("mod.rs"));
        assert!(!(is_top && code.contains("super::")), "{module}: write `crate::` for the root");
        let named =
            named(&code).into_iter().map(|name| exports.get(&name).cloned().unwrap_or(name));
        let others = named.filter(|name| name != module);
        imports.entry(module.to_owned()).or_default().extend(others);
    }
    imports
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    files.collect()
}

/// The code of a file without its comments and its tests, which stand at its end.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// The names that follow `crate::`.
fn named(code: &str) -> Vec<String> {
    let ident = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut names = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        // `$crate::` stands in a macro, and names what its caller sees.
        if code[..at].ends_with('$') {
            continue;
        }
        let rest = &code[at + path.len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(members(group).iter().map(|member| ident(member.trim()))),
            None => names.push(ident(rest)),
        }
    }
    names
}

/// The members of a `{a, b::{c, d}}`, whose opening brace is left out.
fn members(group: &str) -> Vec<String> {
    let (mut members, mut depth) = (vec![String::new()], 0);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => members.push(String::new()),
            _ if depth == 0 => members.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    members.retain(|member| !member.trim().is_empty());
    members
}

/// What the root re-exports, with the module that it comes from.
fn exports(lib: &str) -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    for item in code(lib).split("pub use ").skip(1) {
        let item = item.split(';').next().unwrap();
        let (module, names) = item.split_once("::").unwrap();
        // The macros are another crate, and `tool` is a module too.
        if module == "agent_macros" {
            continue;
        }
        let names = names.trim_matches(['{', '}']).split(',').map(str::trim);
        exports.extend(names.map(|name| (name.to_owned(), module.to_owned())));
    }
    exports
}

#[test]
fn the_reader_of_imports_sees_all_forms() {
    let code = code(
        "use crate::{a::{b, c}, d};\nfn f() -> crate::E { $crate::g!() } // crate::h\n#[cfg(test)]\nmod tests {\nuse crate::i;",
    );
    assert_eq!(named(&code), ["a", "d", "E"]);
    let exports = exports("pub use a::{B, C};\npub use d::E;");
    assert_eq!(exports["C"], "a");
    assert_eq!(exports["E"], "d");
}
