"""How many alerts there are in each state: as counted last, without holding others up."""

import asyncio

import pytest

from exporter import time_slice
from exporter.alerting.census import AlertCensus
from exporter.alerting.status import AlertStatus
from exporter.model.alert import Alert
from exporter.model.labels import Labels

NOW = 1_000.0
ALERTS = [Alert(Labels({"alertname": "Down", "n": str(number)})) for number in range(60)]


def status_of(labels: Labels) -> AlertStatus:
    """Every third alert is silenced."""
    return AlertStatus(("silence",) if int(labels.get("n")) % 3 == 0 else (), ())


def test_those_that_fire_count_by_state_and_the_ended_ones_not() -> None:
    census = AlertCensus(status_of)
    ended = Alert(Labels({"alertname": "Ended", "n": "1"}), ends_at=NOW - 1)
    processed = {alert.labels for alert in ALERTS[:30]}
    assert census.counts == {"unprocessed": 0, "active": 0, "suppressed": 0}
    asyncio.run(census.count([*ALERTS, ended], processed, NOW))
    assert census.counts == {"unprocessed": 20, "active": 20, "suppressed": 20}


def test_the_last_count_stands_while_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_slice, "_FIRST_SECONDS", 0.0)
    monkeypatch.setattr(time_slice, "_SLICE_SECONDS", 0.0)

    async def scenario() -> None:
        census = AlertCensus(status_of)
        counting = asyncio.create_task(census.count(ALERTS, set(), NOW))
        seen = []
        while not counting.done():
            seen.append(sum(census.counts.values()))
            await asyncio.sleep(0)
        assert len(seen) > len(ALERTS)
        assert set(seen[:-1]) == {0}
        assert sum(census.counts.values()) == len(ALERTS)

    asyncio.run(scenario())
