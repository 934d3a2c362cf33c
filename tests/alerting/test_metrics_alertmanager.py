"""The metrics have the names, types and labels that Debian's Alertmanager has, where it has the same."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import httpx
import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from exporter.model.alert import Alert
from exporter.model.labels import Labels
from tests.alerting.own_world import OwnWorld
from tests.clocks import run_virtually
from tests.notify.real_alertmanager import post_alerts, running_alertmanager

CONFIG: Final = {
    "route": {"receiver": "hook"},
    "receivers": [{"name": "hook", "webhook_configs": [{"url": "http://127.0.0.1:9/"}]}],
}
# Alertmanager has these since 0.26 to 0.28.
NEWER: Final = {
    "alertmanager_notifications_suppressed",
    "alertmanager_dispatcher_aggregation_group_limit_reached",
}
NEWER_LABELS: Final = {"reason", "tags"}


def described(families: Iterable[Metric]) -> dict[str, tuple[str, frozenset[str]]]:
    """Type and names of labels by name."""
    return {
        family.name: (family.type, frozenset(name for one in family.samples for name in one.labels))
        for family in families
        if family.name.startswith("alertmanager_")
    }


def ours() -> dict[str, tuple[str, frozenset[str]]]:
    async def collect() -> list[Metric]:
        world = OwnWorld("route: {receiver: hook}\nreceivers: [{name: hook}]")
        await world.manager.start()
        await world.manager.receive([Alert(Labels({"alertname": "Down"}))])
        world.manager.count_invalid(1, source="v2")
        families = list(world.registry.collect())
        await world.manager.stop(0)
        return families

    return described(run_virtually(collect()))


async def theirs(folder: Path) -> dict[str, tuple[str, frozenset[str]]]:
    async with (
        running_alertmanager(folder, CONFIG, "http://vigil.example") as url,
        httpx.AsyncClient() as client,
    ):
        await post_alerts(url, [Alert(Labels({"alertname": "Down"}), starts_at=1.0)])
        text = (await client.get(f"{url}/metrics")).text
    return described(text_string_to_metric_families(text))


@pytest.mark.peers("prometheus-alertmanager")
def test_names_types_and_labels_are_alertmanagers(tmp_path: Path) -> None:
    own, judge = ours(), asyncio.run(theirs(tmp_path))
    assert set(own) - set(judge) == NEWER
    for name in set(own) & set(judge):
        kind, labels = own[name]
        assert (kind, labels - NEWER_LABELS) == judge[name], name


def test_how_much_is_configured() -> None:
    receivers = "[{name: a, webhook_configs: [{url: 'http://h'}, {url: 'http://i'}]}, {name: b}]"
    world_config = f"route: {{receiver: a}}\nreceivers: {receivers}"

    async def counts() -> list[float | None]:
        world = OwnWorld(world_config)
        await world.manager.start()
        names = ("alertmanager_receivers", "alertmanager_integrations", "alertmanager_config_hash")
        before = [world.registry.get_sample_value(name) for name in names]
        await world.reload("route: {receiver: c}\nreceivers: [{name: c}]")
        after = [world.registry.get_sample_value(name) for name in names]
        await world.manager.stop(0)
        return before + after

    *before, first, receivers_after, integrations_after, second = run_virtually(counts())
    assert [*before, receivers_after, integrations_after] == [2, 2, 1, 0]
    assert first != second
