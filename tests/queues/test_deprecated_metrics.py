"""A metric about queues that got another name has its old one beside it for one release, and that says so."""

import pytest
import redis

from exporter.config.samplers.queues import QueuesSection
from exporter.queues.families import FAMILIES
from tests.queues.reading import Watcher
from tests.servers import RealServer

RENAMED = {
    "redis_queue_silent_workers": "redis_queue_stale_workers",
    "redis_vigil_queues_over_limit": "redis_vigil_queues_dropped",
}
AT = 1_700_000_000.0


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_the_old_name_says_which_one_to_use(old: str, new: str) -> None:
    helps = {family.name: family.help for family in FAMILIES}
    assert helps[old] == f"Deprecated: use {new}."
    assert not helps[new].startswith("Deprecated")


@pytest.mark.parametrize(
    ("max_queues", "old"), [(1000, "redis_queue_silent_workers"), (2, "redis_vigil_queues_over_limit")]
)
def test_both_names_have_the_same_values(
    raw_client: "redis.Redis", empty_server: RealServer, max_queues: int, old: str
) -> None:
    settings = QueuesSection.model_validate(
        {
            "max_queues": max_queues,
            "lists": [{"key": "queue:{name}"}],
            "workers": [{"key": "worker:{id}", "heartbeat": "seen"}],
        }
    )
    for name in ("mail", "sms", "video"):
        raw_client.rpush(f"queue:{name}", "job")
    raw_client.hset("worker:1", "seen", f"{AT - 1000:.0f}")
    with Watcher(empty_server.url, settings) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        sample = watcher.table.finish(int(AT * 1000))
    values: dict[str, dict[str, float | None]] = {old: {}, RENAMED[old]: {}}
    for point, value in zip(sample.layout.points, sample.values, strict=True):
        if point.family.name in values:
            values[point.family.name][str(point.labels)] = value
    assert any(values[old].values())
    assert values[old] == values[RENAMED[old]]
