"""Failovers as one server's INFOs tell them."""

from collections.abc import Sequence
from typing import Any

import pytest

from exporter.events import Event, EventKind, EventRecorder
from exporter.samplers.info.changes import ServerChanges
from exporter.sampling.server_info import ServerInfo
from exporter.sampling.slots import Slots

OWN, SHARED, NEW = "1" * 40, "2" * 40, "3" * 40


class Kept:
    """Keeps events and what was known, as the log of events does."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._known: dict[tuple[str, str], Any] = {}

    def record(self, event: Event) -> None:
        self.events.append(event)

    def known(self, instance: str, topic: str) -> Any:
        return self._known.get((instance, topic))

    def remember(self, instance: str, topic: str, value: Any) -> None:
        self._known[instance, topic] = value


def server(role: str, run_id: str, *replication_ids: str) -> ServerInfo:
    primary = "10.0.0.1:6379" if role == "slave" else ""
    return ServerInfo(
        role=role, run_id=run_id, replication_ids=frozenset(replication_ids), primary=primary, started_at=1.0
    )


def kinds_after(before: ServerInfo, now: ServerInfo) -> Sequence[EventKind]:
    kept = Kept()
    changes = ServerChanges(EventRecorder(kept, "shop"))
    changes.note(before, Slots(), 1_000.0)
    changes.note(now, Slots(), 1_010.0)
    return [one.kind for one in kept.events]


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(server("slave", "a", SHARED), id="of a replica that had synchronised"),
        pytest.param(server("slave", "a", OWN), id="of a replica that synchronised meanwhile"),
    ],
)
def test_a_promotion_is_a_failover(before: ServerInfo) -> None:
    assert EventKind.FAILOVER in kinds_after(before, server("master", "a", NEW, SHARED))


def test_a_promotion_over_a_restart_is_a_failover_where_the_data_stays() -> None:
    found = kinds_after(server("slave", "a", SHARED), server("master", "b", NEW, SHARED))
    assert EventKind.FAILOVER in found


def test_an_empty_server_in_place_of_a_replica_is_no_failover() -> None:
    found = kinds_after(server("slave", "a", SHARED), server("master", "b", NEW))
    assert EventKind.ROLE_CHANGE in found
    assert EventKind.FAILOVER not in found


def test_a_primary_that_follows_another_is_no_failover() -> None:
    found = kinds_after(server("master", "a", OWN), server("slave", "a", SHARED))
    assert EventKind.ROLE_CHANGE in found
    assert EventKind.FAILOVER not in found
