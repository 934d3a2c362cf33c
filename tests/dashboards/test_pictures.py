"""The pictures of the documents: one per dashboard, and none left over from a panel that is gone."""

import math
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.pictures.units import write
from tests.dashboards.boards import FILES, ROOT, load, panels

PICTURES = ROOT / "docs" / "pictures"


def test_every_dashboard_has_its_picture() -> None:
    assert {path.stem for path in PICTURES.glob("*.svg")} == {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_picture_shows_the_panels_of_its_dashboard(path: Path) -> None:
    drawn = ElementTree.parse(PICTURES / f"{path.stem}.svg").getroot()
    words = {node.text for node in drawn.iter("{http://www.w3.org/2000/svg}text")}
    board = load(path)
    assert board["title"] in words
    assert {panel["title"] for panel in panels(board)} <= words
    assert "drawn by redis-vigil from data of its demo: a light rendering, not Grafana" in words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.136, "percentunit", "13.6 %"),
        (6_857_687, "bytes", "6.54 MiB"),
        (2048, "binBps", "2 KiB/s"),
        (1590, "ops", "1,590/s"),
        (0.0349, "s", "34.9 ms"),
        (198, "s", "3.30 min"),
        (0, "s", "0 s"),
        (math.inf, "s", "never"),
        (math.nan, "short", "–"),
        (335, "short", "335"),
    ],
)
def test_values_are_written_as_people_read_them(value: float, unit: str, words: str) -> None:
    assert write(value, unit).replace("\u00a0", " ") == words
