"""Names, types, labels and values of the metrics made of recorded INFO replies do not change.

`recorded/*.info` are replies of real servers, and one with every field that is known; `recorded/*.page` is
what they were shown as. Metrics may be added to what a page has; none may go, or become another one.
"""

from pathlib import Path

import pytest

from exporter.samplers.info.sampler import SPEC
from exporter.samplers.modules.sampler import SPEC as MODULES
from tests.samplers.info.test_reading import reading

RECORDED = Path(__file__).parent / "recorded"
REPLIES = sorted(RECORDED.glob("*.info"))


def shown(reply: bytes) -> set[str]:
    """One line per series: type, name, labels and value."""
    read = reading()
    values = read.read(reply)
    points = {str(point.series): point for point in read.table.finish(2).layout.points}
    return {f"{points[series].family.kind} {series} {value!r}" for series, value in values.items()}


def declared() -> set[str]:
    """One line per metric that INFO can give: type, name and names of labels."""
    return {
        f"{family.kind} {family.name} {','.join(family.label_names)}".strip()
        for family in (*SPEC.families, *MODULES.families)
    }


@pytest.mark.parametrize("path", REPLIES, ids=lambda path: path.stem)
def test_what_a_recorded_reply_is_shown_as(path: Path) -> None:
    page = path.with_suffix(".page").read_text().splitlines()
    assert len(page) > 100
    assert set(page) - shown(path.read_bytes()) == set()


def test_no_metric_of_info_goes_or_becomes_another() -> None:
    before = set((RECORDED / "families.txt").read_text().splitlines())
    assert len(before) > 300
    assert before - declared() == set()
