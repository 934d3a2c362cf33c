"""A new field of INFO is one declaration in one file: then it is on the page."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BEGINNING = "FIELDS: Final[tuple[Field, ...]] = (\n"
GAUGE = (
    '    Gauge("flux_level", "redis_flux_bytes", "How full the capacitor is.", unit=BYTES, since="9.9"),\n'
)
SCALED = '    Counter("flux_usec", "redis_flux_seconds_total", "Time in flux.", since="9.9", scale=1e-6),\n'
# Reads a reply, and prints what `/metrics` says.
PAGE = """
import asyncio

from tests.samplers.info.test_reading import reading
from exporter.metrics import Exposition, Format
from exporter.store import Store

read, store = reading(), Store()
asyncio.run(read.reader.read(b"used_memory:5\\r\\nflux_level:89\\r\\nflux_usec:3000000\\r\\n", 0.0))
store.append(read.table.finish(1))
print(b"".join(Exposition(lambda: store.groups, Format.TEXT).render()).decode())
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the project's code, to be changed."""
    for package in ("exporter", "tests"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def declare(path: Path, *declarations: str) -> None:
    text = path.read_text()
    assert text.count(BEGINNING) == 1
    path.write_text(text.replace(BEGINNING, BEGINNING + "".join(declarations)))


def page(tree: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", PAGE], cwd=tree, capture_output=True, text=True, check=True, timeout=120
    ).stdout


def test_one_declaration_shows_a_new_field_on_the_page(tree: Path) -> None:
    fields = tree / "exporter" / "samplers" / "info" / "fields"
    assert "flux" not in page(tree)

    declare(fields / "memory.py", GAUGE)
    declare(fields / "cpu.py", SCALED)

    shown = page(tree)
    assert "# HELP redis_flux_bytes How full the capacitor is. INFO field flux_level.\n" in shown
    assert "# TYPE redis_flux_bytes gauge\n" in shown
    assert "\nredis_flux_bytes 89\n" in shown
    assert "# TYPE redis_flux_seconds_total counter\n" in shown
    assert "\nredis_flux_seconds_total 3\n" in shown
