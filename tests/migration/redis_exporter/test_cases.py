"""What is written and said for each way in which redis_exporter is started."""

from pathlib import Path

import pytest

from tests.migration.golden import Case

CASES = sorted((Path(__file__).parent / "cases").glob("*.case"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_is_written_and_said(path: Path, tmp_path: Path) -> None:
    case = Case.load(path)
    assert str(case.run(tmp_path)) == str(case)
