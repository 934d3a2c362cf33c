"""The way of the data is one way: a package imports only what stands above it."""

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator, Set
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "exporter"
# Each part may import those before it.
ORDER = [
    "url_login",
    "errors",
    "clock",
    "time_slice",
    "model",
    "log",
    "timing",
    "shipped",
    "config",
    "connection",
    "http_client",
    "discovery",
    "metrics",
    "store",
    "history",
    "events",
    "sampling",
    "keyspace",
    "queues",
    "samplers",
    "charts",
    "gotemplate",
    "promql",
    "rules",
    "alert_charts",
    "notify",
    "alerting",
    "state",
    "remote",
    "peers",
    "routing",
    "health",
    "self_metrics",
    "clock_watch",
    "loop_watch",
    "service_manager",
    "jobs",
    "web",
    "alert_pictures",
    "selection",
    "reload",
    "check",
    "prepared",
    "roster",
    "following",
    "targets",
    "housekeeping",
    "clock_followers",
    "target_events",
    "readiness",
    "daemon_events",
    "settings",
    "reloader",
    "lifecycle",
    "assembly",
    "stages",
    "http_routes",
    "app",
    "metrics_reference",
    "demo",
    "drafts",
    "rule_export",
    "migration",
    "survey",
    "setup",
    "cli",
    "__main__",
]


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The top-level package or module that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def module_of(path: Path) -> str:
    """The dotted name of a source file; a package's is that of its `__init__`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported_names(path: Path) -> Iterator[str]:
    """Everything of this project that a file imports, at its top, in functions and for types alone."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.startswith("exporter."))


def imported_parts(path: Path) -> set[str]:
    """The parts of this project that a file imports."""
    return {name.split(".")[1] for name in imported_names(path)} - {"__version__"}


def imported_modules(path: Path, modules: Set[str]) -> set[str]:
    """The modules that a file imports; a name out of a module stands for the module."""
    found = {name if name in modules else name.rpartition(".")[0] for name in imported_names(path)}
    return found & modules - {module_of(path)}


def test_imports_point_upwards() -> None:
    wrong = []
    for path in sources():
        own = part_of(path)
        if own == "__init__":
            continue
        assert own in ORDER, f"{own} has no place in the order of packages"
        below = imported_parts(path) - set(ORDER[: ORDER.index(own) + 1])
        wrong += [f"{path.relative_to(ROOT)} imports {part}" for part in below]
    assert not wrong


def test_no_modules_import_each_other_in_a_circle() -> None:
    modules = {module_of(path): path for path in sources()}
    graph = {module: imported_modules(path, modules.keys()) for module, path in modules.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_rules_import_nothing_behind_the_facade_of_promql() -> None:
    modules = {module_of(path) for path in sources()}
    behind = {
        f"{path.relative_to(ROOT)} imports {module}"
        for path in (PACKAGE / "rules").rglob("*.py")
        for module in imported_modules(path, modules)
        if module.startswith("exporter.promql.")
    }
    assert not behind


def test_errors_of_redis_libraries_are_known_in_one_place_only() -> None:
    knowing = {
        part_of(path)
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom | ast.Import)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
        if name.split(".")[0] in ("redis", "hiredis")
    }
    # The demo is a client of its own server, not a watcher of others'.
    assert knowing <= {"connection", "demo"}


def test_no_file_is_crowded() -> None:
    crowded = {
        str(path.relative_to(ROOT)): lines
        for path in sources()
        if (lines := path.read_text().count("\n")) > 350
    }
    assert not crowded


def test_files_and_functions_are_small() -> None:
    trees = {path: path.read_text() for path in sources()}
    functions = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": (node.end_lineno or node.lineno)
        - node.lineno
        + 1
        for path, text in trees.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in functions.items() if lines > 60} == {}
    assert statistics.median(functions.values()) <= 6
    assert statistics.median(text.count("\n") for text in trees.values()) <= 100


def tracked_files() -> list[Path]:
    """The text files of the project; without git's list, everything that is not hidden or made."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*.*") if path.is_file() and ".venv" not in path.parts]


def test_no_file_names_a_place_on_one_machine() -> None:
    place = re.compile(r"(?<![\w.*/-])/(?:root|work|home|Users)/[\w.]")
    found = {
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked_files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if place.search(line)
    }
    assert not found
