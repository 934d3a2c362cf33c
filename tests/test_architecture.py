"""The way of the data is one way: a package imports only what stands above it."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "exporter"
# Each part may import those before it.
ORDER = [
    "errors",
    "clock",
    "time_slice",
    "model",
    "log",
    "shipped",
    "config",
    "connection",
    "http_client",
    "discovery",
    "metrics",
    "store",
    "samplers",
    "gotemplate",
    "promql",
    "rules",
    "notify",
    "alerting",
    "state",
    "routing",
    "health",
    "self_metrics",
    "clock_watch",
    "loop_watch",
    "housekeeping",
    "clock_followers",
    "web",
    "dashboards",
    "reload",
    "check",
    "prepared",
    "roster",
    "following",
    "targets",
    "settings",
    "reloader",
    "app",
    "demo",
    "cli",
    "__main__",
]


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The top-level package or module that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """The parts of this project that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "exporter" and len(parts) > 1 and parts[1] != "__version__":
                yield parts[1]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_upwards(path: Path) -> None:
    own = part_of(path)
    if own == "__init__":
        return
    assert own in ORDER, f"{own} has no place in the order of packages"
    allowed = ORDER[: ORDER.index(own) + 1]
    assert set(imports(path)) <= set(allowed)


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
