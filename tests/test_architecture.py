"""The way of the data is one way: a package imports only what stands above it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "exporter"
# Each part may import those before it.
ORDER = [
    "errors",
    "clock",
    "model",
    "log",
    "shipped",
    "config",
    "connection",
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
    "self_metrics",
    "web",
    "dashboards",
    "reload",
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
