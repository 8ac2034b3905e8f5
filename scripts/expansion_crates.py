"""Writes a workspace of three crates that hold the same functions:

plain    the functions alone
derives  each with an arguments struct that derives Deserialize and JsonSchema, in a table of boxed async handlers
tools    each with `#[tool]`, in `tools![..]`

`derives` and `tools` take a tool's name and its arguments as JSON, print every name and the tool's answer. Each main uses
the whole table and all schemas; what it does not use, the compiler drops, and the measurement would be void.
"""

import itertools
import json
import shutil
from pathlib import Path

CRATES = ("plain", "derives", "tools")

# Type, documentation of a parameter of that type, an argument.
KINDS = [
    ("u32", "How many to take.", 7),
    ("i64", "Where to begin, counted from today.", -7),
    ("f64", "The highest price.", 0.5),
    ("bool", "Whether to include what is closed.", True),
    ("String", "The words to look for.", "words"),
    ("Option<u32>", "The page, if not the first.", None),
    ("Vec<String>", "Only what carries one of these labels.", ["new"]),
    ("BTreeMap<String, f64>", "A weight for each field.", {"title": 2.0}),
]
# No two alike; the step spreads them over all first parameters.
SIGNATURES = list(itertools.permutations(KINDS, 3))[::3]


def write(folder: Path, checkout: Path, count: int, crates: tuple[str, ...]) -> None:
    signatures = SIGNATURES[:count]
    assert len(signatures) == count, f"at most {len(SIGNATURES)} tools"
    members = json.dumps(list(crates))
    (folder / "Cargo.toml").write_text(f'[workspace]\nmembers = {members}\nresolver = "3"\n')
    for name in ("Cargo.lock", "rust-toolchain.toml"):  # the versions and the compiler of the checkout
        shutil.copy(checkout / name, folder)
    for crate in crates:
        (folder / crate / "src").mkdir(parents=True)
        (folder / crate / "Cargo.toml").write_text(MANIFEST.format(crate=crate) + DEPENDENCIES[crate].format(checkout=checkout))
        (folder / crate / "src/main.rs").write_text(MAIN[crate](signatures))


def example(number: int) -> tuple[str, str]:
    """A tool's name and arguments for it."""
    values = {name: value for name, (_, _, value) in zip("abc", SIGNATURES[number])}
    return f"t{number}", json.dumps(values)


MANIFEST = """[package]
name = "{crate}"
version = "0.0.0"
edition = "2024"

[dependencies]
"""

DEPENDENCIES = {
    "plain": "",
    "derives": """schemars = {{ version = "1", default-features = false, features = ["derive", "std"] }}
serde = {{ version = "1", features = ["derive"] }}
serde_json = "1"
tokio = {{ version = "1", default-features = false, features = ["rt"] }}
""",
    "tools": """agent-core = {{ path = "{checkout}/agent-core", default-features = false }}
tokio = {{ version = "1", default-features = false, features = ["rt"] }}
""",
}

STATE = """
pub struct Db {
    name: String,
}

impl Db {
    fn open() -> Self {
        Self { name: std::env::args().next().unwrap_or_default() }
    }
}
"""

BODY = 'format!("{} {a:?} {b:?} {c:?}", db.name.len())'


def each(template, signatures) -> str:
    return "".join(template(number, kinds) for number, kinds in enumerate(signatures))


def function(number, kinds, parameter=lambda name, kind: f"{name}: {kind[0]}") -> str:
    parameters = ", ".join(["db: &Db", *(parameter(name, kind) for name, kind in zip("abc", kinds))])
    return f"fn t{number}({parameters}) -> String {{\n    {BODY}\n}}\n"


def plain(signatures) -> str:
    def use(number, kinds):
        types = ", ".join(["&Db", *(kind[0] for kind in kinds)])
        return f"    black_box(t{number} as fn({types}) -> String);\n"

    return f"""use std::{{collections::BTreeMap, hint::black_box}};
{STATE}
{each(function, signatures)}
fn main() {{
    black_box(Db::open());
{each(use, signatures)}}}
"""


def derives(signatures) -> str:
    def tool(number, kinds):
        fields = "".join(f"    /// {doc}\n    {name}: {type},\n" for name, (type, doc, _) in zip("abc", kinds))
        return f"""
/// Tool number {number}.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct T{number} {{
{fields}}}

{function(number, kinds)}"""

    def row(number, _):
        return f"""        ("t{number}", Tool {{
            schema: schema_for!(T{number}),
            call: Box::new(|db, text| Box::pin(async move {{
                let args: T{number} = serde_json::from_str(&text)?;
                Ok(t{number}(&db, args.a, args.b, args.c))
            }})),
        }}),
"""

    return f"""use std::{{collections::{{BTreeMap, HashMap}}, pin::Pin, sync::Arc}};

use schemars::{{JsonSchema, Schema, schema_for}};
use serde::Deserialize;
{STATE}
type Answer = Pin<Box<dyn Future<Output = Result<String, serde_json::Error>> + Send>>;

struct Tool {{
    schema: Schema,
    call: Box<dyn Fn(Arc<Db>, String) -> Answer + Send + Sync>,
}}
{each(tool, signatures)}
fn tools() -> HashMap<&'static str, Tool> {{
    HashMap::from([
{each(row, signatures)}    ])
}}

fn main() {{
    let db = Arc::new(Db::open());
    let tools = tools();
    for (name, tool) in &tools {{
        println!("{{name}} {{}}", tool.schema.as_value());
    }}
    let mut words = std::env::args().skip(1);
    let (name, text) = (words.next().unwrap(), words.next().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    println!("{{:?}}", runtime.block_on((tools[name.as_str()].call)(db, text)));
}}
"""


def tools(signatures) -> str:
    def tool(number, kinds):
        documented = function(number, kinds, lambda name, kind: f"\n    /// {kind[1]}\n    {name}: {kind[0]}")
        return f"\n/// Tool number {number}.\n#[tool(read)]\n{documented}"

    names = ", ".join(f"t{number}" for number in range(len(signatures)))
    return f"""use std::collections::BTreeMap;

use agent_core::{{tool, tools}};
{STATE}{each(tool, signatures)}
fn main() {{
    let tools = tools![{names}].with_state(Db::open());
    for definition in tools.definitions() {{
        println!("{{}} {{}}", definition.name(), definition.schema());
    }}
    let mut words = std::env::args().skip(1);
    let (name, text) = (words.next().unwrap(), words.next().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    println!("{{:?}}", runtime.block_on(tools.call(&name, text.as_str())));
}}
"""


MAIN = {"plain": plain, "derives": derives, "tools": tools}
