"""Every shipped rule is crossed on a real server, told of, and comes back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.crossings.stage import REDIS_7, Outcome, play
from tests.crossings.table import GROUPS, Group
from tests.fast.daemon import run_fast


def _groups() -> Iterator[Any]:
    """The groups, what needs Debian's server apart."""
    for group in GROUPS:
        debian = [scene for scene in group.scenes if scene.program == REDIS_7]
        others = [scene for scene in group.scenes if scene.program != REDIS_7]
        if others:
            yield pytest.param(replace(group, scenes=others), id=group.file)
        if debian:
            marks = pytest.mark.peers(REDIS_7)
            yield pytest.param(replace(group, scenes=debian), id=f"{group.file}-debian", marks=marks)


@pytest.mark.parametrize("group", list(_groups()))
def test_it_is_told_and_comes_back(group: Group, tmp_path: Path) -> None:
    outcomes: list[Outcome] = []

    async def story() -> None:
        outcomes.extend(await play(group.scenes, tmp_path, group.config))

    run_fast(story())
    report = "\n".join(map(str, outcomes))
    print(report)
    assert not any(outcome.faults for outcome in outcomes), report
