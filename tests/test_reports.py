"""The public reports that were tried: each names the tests that hold what happens now, and there are such."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
REPORTS: list[dict[str, Any]] = yaml.safe_load((ROOT / "tests" / "reports.yml").read_text())


def test_all_are_there() -> None:
    assert [report["number"] for report in REPORTS] == list(range(1, 63))


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: str(report["number"]))
def test_what_it_names_is_there(report: dict[str, Any]) -> None:
    assert report["was"] in {"right", "partly", "wrong"}
    assert report["tests"]
    for test in report["tests"]:
        path, name = test.split("::")
        text = (ROOT / path).read_text()
        assert (f"name: {name}" if path.endswith(".yml") else f"def {name}(") in text, test
