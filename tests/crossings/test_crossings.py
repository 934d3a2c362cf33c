"""Every shipped rule is crossed on a real server, told of, and comes back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.shipped import shipped_rules
from tests.crossings.page import alerts_of, page
from tests.crossings.stage import REDIS_7, Outcome, play
from tests.crossings.table import ALWAYS, GROUPS, Group
from tests.fast.daemon import WATCHDOG, FastDaemon, run_fast

ROOT = Path(__file__).parents[2]


def _groups() -> Iterator[Any]:
    """The groups, what needs Debian's server apart."""
    for group in GROUPS:
        debian = [scene for scene in group.scenes if scene.program == REDIS_7]
        others = [scene for scene in group.scenes if scene.program != REDIS_7]
        if others:
            yield pytest.param(replace(group, scenes=others), id=group.name)
        if debian:
            marks = pytest.mark.peers(REDIS_7)
            yield pytest.param(replace(group, scenes=debian), id=f"{group.name}-debian", marks=marks)


def test_every_shipped_rule_is_in_the_table() -> None:
    crossed = [alert for group in GROUPS for scene in group.scenes for alert in scene.rules]
    shipped = [rule for path in shipped_rules() for rule in alerts_of(path)]
    assert sorted([*crossed, *ALWAYS]) == sorted(shipped)


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "verified.md").read_text() == page(), "run `make docs`"


@pytest.mark.parametrize("group", list(_groups()))
def test_it_is_told_and_comes_back(group: Group, tmp_path: Path) -> None:
    outcomes: list[Outcome] = []

    async def story() -> None:
        outcomes.extend(await play(group.scenes, tmp_path, group.config, **group.options))

    run_fast(story())
    report = "\n".join(map(str, outcomes))
    print(report)
    assert not any(outcome.faults for outcome in outcomes), report


def test_the_watchdog_barks_as_long_as_the_daemon_runs() -> None:
    async def story() -> None:
        # Nine hours in fewer steps: when the message is repeated does not depend on them.
        times = {"sample_interval": "1m", "evaluation_interval": "1m"}
        async with FastDaemon({"global": times}) as daemon:
            await daemon.pass_time("9h")
            assert [round(message.at / 3600) for message in daemon.messages] == [0, 4, 8], daemon.messages
            assert daemon.messages[0].at < 2 * 60
            assert {name for message in daemon.messages for name in message.alertnames} == {WATCHDOG}

    run_fast(story())
