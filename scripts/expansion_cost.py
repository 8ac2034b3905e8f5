"""Measures what `#[tool]` costs to compile against serde and schemars derives: expanded lines, CPU seconds of check and build.

The three crates of expansion_crates.py are measured in one run, each alone after its dependencies are built, without
incremental compilation (with it, touching a file measures nothing). The last line is what `tools` adds to the plain
functions, divided by what `derives` adds to them.
"""

import argparse
import os
import re
import resource
import subprocess
import tempfile
from pathlib import Path

import expansion_crates

CHECKOUT = Path(__file__).resolve().parent.parent
COMMANDS = {"check": ["check"], "debug": ["build"], "release": ["build", "--release"]}
LIMITS = {"lines": 5500, "check": 0.35, "release": 0.45}


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="expansion-cost-") as folder:
        workspace = Workspace(Path(folder))
        expansion_crates.write(workspace.folder, CHECKOUT, options.tools, options.crates)
        columns = {name: seconds(workspace, command, options) for name, command in COMMANDS.items()}
        answers_agree(workspace, options.crates)
        if nightly():
            columns = {"lines": {crate: workspace.expanded_lines(crate) for crate in options.crates}} | columns
    report(columns, options)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tools", type=int, default=100, help="how many (default: 100)")
    parser.add_argument("--tries", type=int, default=3, help="the best of how many counts (default: 3)")
    parser.add_argument("crates", nargs="*", default=expansion_crates.CRATES, help="default: plain derives tools")
    options = parser.parse_args()
    unknown = set(options.crates) - set(expansion_crates.CRATES)
    if unknown:
        parser.error(f"no such crate: {', '.join(sorted(unknown))}")
    return options


class Workspace:
    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = os.environ | {"CARGO_INCREMENTAL": "0", "CARGO_TARGET_DIR": str(folder / "target")}

    def cargo(self, *arguments: str) -> subprocess.CompletedProcess:
        done = subprocess.run(["cargo", *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"cargo {' '.join(arguments)} failed:\n{done.stderr}")
        return done

    def rebuild(self, crate: str, command: list[str]) -> float:
        """CPU seconds of cargo and all it starts. The other crates are fresh, so what cargo itself does is the same for each."""
        (self.folder / crate / "src/main.rs").touch()
        before = cpu_seconds()
        log = self.cargo(*command, "--workspace").stderr
        spent = cpu_seconds() - before
        built = re.findall(r"^ *(?:Checking|Compiling) (\S+)", log, re.MULTILINE)
        assert built == [crate], f"built {built} instead of {crate}"
        return spent

    def expanded_lines(self, crate: str) -> int:
        expanded = self.cargo("+nightly", "rustc", "--package", crate, "--profile=check", "--", "-Zunpretty=expanded").stdout
        formatted = subprocess.run(["rustfmt", "--edition=2024"], input=expanded, capture_output=True, text=True, check=True)
        return len(formatted.stdout.splitlines())


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds(workspace: Workspace, command: list[str], options: argparse.Namespace) -> dict[str, float]:
    workspace.cargo(*command, "--workspace")
    return {crate: min(workspace.rebuild(crate, command) for _ in range(options.tries)) for crate in options.crates}


def answers_agree(workspace: Workspace, crates: list[str]) -> None:
    """Both programs know every tool and give the same answer, so both were really built."""
    name, text = expansion_crates.example(0)
    answer = "7 -7 0.5"
    for crate in set(crates) - {"plain"}:
        program = workspace.folder / "target/debug" / crate
        printed = subprocess.run([program, name, text], capture_output=True, text=True, check=True).stdout
        assert answer in printed.splitlines()[-1], f"{crate} printed {printed.splitlines()[-1]}"


def nightly() -> bool:
    return subprocess.run(["cargo", "+nightly", "--version"], capture_output=True).returncode == 0


def report(columns: dict[str, dict[str, float]], options: argparse.Namespace) -> None:
    print(f"{options.tools} tools; CPU seconds, the best of {options.tries}\n")
    row("", columns)
    for crate in options.crates:
        row(crate, (shown(column[crate]) for column in columns.values()))
    if set(options.crates) != set(expansion_crates.CRATES):
        return
    added = {name: (column["tools"] - column["plain"], column["derives"] - column["plain"]) for name, column in columns.items()}
    row("tools, added", (shown(tools) for tools, _ in added.values()))
    row("tools/derives", (f"{tools / derives:.2f}" for tools, derives in added.values()))
    row("at most", (shown(LIMITS[name]) if name in LIMITS else "-" for name in columns))
    print("\nThe last two count what is above the plain functions; `at most` is for lines the number added, else the ratio.")


def row(title: str, cells) -> None:
    print(f"{title:<14}" + "".join(f"{cell:>10}" for cell in cells))


def shown(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:.2f}"


main()
