//! The layers of `agent-core`: imports point down only, file by file, so that every file can be
//! understood from the files below it.
//!
//! A `pub use` is followed to the file that defines the item, so a module's re-exports hide no
//! circle, and make none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folders of `agent-core/src`, top to bottom. A file imports from its own row and from rows below.
const LAYERS: [&[&str]; 11] = [
    &["providers", "testing", "transport"],
    &["run"],
    &["dispatch"],
    &["rules"],
    &["toolset"],
    &["tool"],
    &["schedule"],
    &["log"],
    &["model"],
    &["transcript", "schema"],
    &["error", "json", "sync"],
];

/// Their re-exports come from all layers, and no file imports them.
const ROOTS: [&str; 2] = ["lib", "private"];

/// The modules of the crate by path (`tool::key`), each one file.
type Modules = BTreeMap<String, String>;

/// For each module the modules that define what it imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn imports_point_down() {
    let imports = imports();
    let pairs = imports.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    let up = pairs.filter(|(from, to)| row(to) < row(from));
    assert_eq!(up.collect::<Vec<_>>(), []);
    let edges: usize = imports.values().map(BTreeSet::len).sum();
    writeln!(std::io::stderr(), "layers: {} files, {edges} imports between them", imports.len())
        .unwrap();
    assert!(imports.len() > 80 && edges > 250, "the reader of imports misses most of them");
}

#[test]
fn no_two_files_import_each_other() {
    let mut imports = imports();
    // A file that imports nothing which is left stands in no circle.
    let free = |imports: &Imports| {
        imports.iter().find(|(_, to)| to.is_empty()).map(|(from, _)| from.clone())
    };
    while let Some(free) = free(&imports) {
        imports.remove(&free);
        for to in imports.values_mut() {
            to.remove(&free);
        }
    }
    // Nor does one that nothing imports.
    loop {
        let named: BTreeSet<_> = imports.values().flatten().cloned().collect();
        let before = imports.len();
        imports.retain(|from, _| named.contains(from));
        if imports.len() == before {
            break;
        }
    }
    assert_eq!(imports, Imports::new());
}

#[test]
fn every_layer_names_folders_that_exist() {
    let folders = modules().into_keys().map(|module| folder(&module).to_owned());
    let folders: BTreeSet<_> = folders.filter(|folder| !ROOTS.contains(&folder.as_str())).collect();
    let layers: BTreeSet<_> = LAYERS.concat().into_iter().map(str::to_owned).collect();
    assert_eq!(folders, layers);
}

fn folder(module: &str) -> &str {
    module.split("::").next().unwrap()
}

fn row(module: &str) -> usize {
    let row = LAYERS.iter().position(|row| row.contains(&folder(module)));
    row.unwrap_or_else(|| {
        panic!("`{module}` has no layer: give its folder one here and in docs/architecture.md")
    })
}

/// All modules with their code, without comments and tests.
fn modules() -> Modules {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../agent-core/src");
    let named = sources(&root).into_iter().map(|path| {
        let module = path.strip_prefix(&root).unwrap().with_extension("");
        let module = module.to_str().unwrap().replace(std::path::MAIN_SEPARATOR, "::");
        let module = module.strip_suffix("::mod").unwrap_or(&module).to_owned();
        (module, code(&fs::read_to_string(path).unwrap()))
    });
    // The simulation of tasks is built for its own tests only.
    named.filter(|(module, _)| !module.contains("interleavings")).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

fn imports() -> Imports {
    let modules = modules();
    let mut imports = Imports::new();
    for (module, code) in &modules {
        if ROOTS.contains(&module.as_str()) {
            continue;
        }
        let named = paths(module, code).into_iter().filter(|path| !path.is_reexport);
        let defined = named.filter_map(|path| definition(&modules, &path.to));
        imports.insert(module.clone(), defined.filter(|to| to != module).collect());
    }
    imports
}

/// The module that defines what a path names, through all re-exports; `None` for another crate's.
fn definition(modules: &Modules, path: &str) -> Option<String> {
    if modules.contains_key(path) {
        return Some(path.to_owned());
    }
    let (module, item) = path.rsplit_once("::").unwrap_or(("lib", path));
    let Some(code) = modules.get(module) else {
        // An associated item: its type is one step up.
        return definition(modules, module);
    };
    let reexport = paths(module, code)
        .into_iter()
        .find(|path| path.is_reexport && path.to.rsplit("::").next() == Some(item));
    match reexport {
        Some(reexport) => definition(modules, &reexport.to),
        None if module == "lib" => None,
        None => Some(module.to_owned()),
    }
}

#[derive(Debug, PartialEq)]
struct Named {
    to: String,
    is_reexport: bool,
}

/// The paths that a module names, counted from the root.
fn paths(module: &str, code: &str) -> Vec<Named> {
    let mut named = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let before = &code[..at];
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = before.rsplit('\n').next().unwrap().trim();
        let is_reexport = line.starts_with("pub");
        let tree = code[at + 4..].split(';').next().unwrap();
        let tree: String = tree.split_whitespace().collect::<Vec<_>>().join(" ");
        for leaf in leaves(&tree) {
            let leaf = leaf.split(" as ").next().unwrap().trim();
            if let Some(to) = absolute(module, leaf, is_reexport) {
                named.push(Named { to, is_reexport });
            }
        }
    }
    // Paths in the code itself.
    for (at, path) in code.match_indices("crate::") {
        let before = &code[..at];
        let in_a_use = before.rsplit([';', '}']).next().unwrap().contains("use ");
        if !before.ends_with('$') && !in_a_use {
            named.push(Named { to: idents(&code[at + path.len()..]), is_reexport: false });
        }
    }
    named
}

/// A path from the root; a path that begins with neither `crate` nor `super` is of a child module in a
/// re-export, and of another crate otherwise.
fn absolute(module: &str, path: &str, is_reexport: bool) -> Option<String> {
    let path = path.strip_suffix("::self").unwrap_or(path);
    if let Some(path) = path.strip_prefix("crate::") {
        return Some(path.to_owned());
    }
    let mut parent: Vec<_> = module.split("::").collect();
    let mut rest = path;
    while let Some(above) = rest.strip_prefix("super::") {
        parent.pop();
        rest = above;
    }
    if rest != path || is_reexport {
        if module == "lib" {
            return Some(rest.to_owned());
        }
        parent.push(rest);
        return Some(parent.join("::"));
    }
    // `use child::Item`, in the file of the parent module.
    Some(format!("{module}::{path}")).filter(|_| {
        path.starts_with(|c: char| c.is_lowercase()) && {
            let child = path.split("::").next().unwrap();
            CHILDREN.with(|children| children.contains(&format!("{module}::{child}")))
        }
    })
}

thread_local! {
    static CHILDREN: BTreeSet<String> = {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../agent-core/src");
        let module = |path: PathBuf| {
            let module = path.strip_prefix(&root).unwrap().with_extension("");
            module.to_str().unwrap().replace(std::path::MAIN_SEPARATOR, "::")
        };
        sources(&root).into_iter().map(module).map(|module| module.trim_end_matches("::mod").to_owned()).collect()
    };
}

fn idents(text: &str) -> String {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let path: String = text.chars().take_while(|&c| is_path(c)).collect();
    path.trim_end_matches(':').to_owned()
}

/// The paths of a use tree: `a::{b, c::{d, self}}`.
fn leaves(tree: &str) -> Vec<String> {
    let Some((prefix, group)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let group = &group[..group.rfind('}').unwrap()];
    let nested = members(group).into_iter().flat_map(|member| leaves(member.trim()));
    nested.map(|leaf| format!("{prefix}{leaf}")).collect()
}

/// The members of a group, without those of the groups in it.
fn members(group: &str) -> Vec<String> {
    let (mut members, mut depth) = (vec![String::new()], 0);
    for c in group.chars() {
        match c {
            ',' if depth == 0 => members.push(String::new()),
            _ => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                members.last_mut().unwrap().push(c);
            }
        }
    }
    members.retain(|member| !member.trim().is_empty());
    members
}

/// The code of a file without its comments and its tests, which stand at its end.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_reader_of_imports_sees_all_forms() {
    let text = "use crate::{a::{b, c::self}, d};\nuse super::{e, f as g};\npub(crate) use h::I;\n\
                fn f() -> crate::j::K { $crate::l!() } // crate::m\n#[cfg(test)]\nmod tests {\nuse crate::n;";
    let named = paths("x::y", &code(text));
    let to: Vec<_> = named.iter().map(|named| named.to.as_str()).collect();
    assert_eq!(to, ["a::b", "a::c", "d", "x::e", "x::f", "x::y::h::I", "j::K"]);
    assert_eq!(named.iter().filter(|named| named.is_reexport).count(), 1);
    let modules =
        [("lib", "pub use a::b::C;"), ("a", "pub use b::C;\npub use b::D as E;"), ("a::b", "")];
    let modules = modules.map(|(module, code)| (module.to_owned(), code.to_owned())).into();
    assert_eq!(definition(&modules, "C"), Some("a::b".to_owned()));
    assert_eq!(definition(&modules, "a::C::new"), Some("a::b".to_owned()));
    assert_eq!(definition(&modules, "a::F"), Some("a".to_owned()));
    assert_eq!(definition(&modules, "std"), None);
}
